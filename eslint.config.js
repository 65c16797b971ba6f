import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules/", ".sim/", ".cache/", "**/*.js"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "array-callback-return": "error",
      eqeqeq: "error",
      "max-lines": ["error", { max: 400, skipComments: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers read well in messages; everything else that a template would garble stays an error.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true, varsIgnorePattern: "^_" }],
      // The Kubernetes client's generated classes are plain shapes; manifests are typed by them, never instances of them.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // A namespace of constants is not how this code base groups things, but static-only helpers of SDK base classes are.
      "@typescript-eslint/no-extraneous-class": "off",
    },
  },
  {
    files: ["tests/**/*.ts"],
    rules: { "@typescript-eslint/no-non-null-assertion": "off" },
  },
);
