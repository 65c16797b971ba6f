/** Proxies of an environment, as undici takes them: "" where there is none. */
export interface Proxies {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/**
 * The proxies that the environment names; one without a scheme is spoken to over HTTP, as curl does.
 * @throws Error naming the variable whose value is no address of a proxy
 */
export function proxiesOf(env: NodeJS.ProcessEnv): Proxies {
  return {
    httpProxy: proxy(env, ["http_proxy", "HTTP_PROXY"]),
    httpsProxy: proxy(env, ["https_proxy", "HTTPS_PROXY"]),
    noProxy: env["no_proxy"] ?? env["NO_PROXY"] ?? "",
  };
}

/** Names the way that requests take, without the passwords that proxies may hold; "" for the straight one. */
export function wayOf(env: NodeJS.ProcessEnv): string {
  let proxies: Proxies;
  try {
    proxies = proxiesOf(env);
  } catch {
    return "a proxy that is none";
  }
  const hosts = [proxies.httpsProxy, proxies.httpProxy]
    .filter((url) => url !== "")
    .map((url) => new URL(url).host);
  const except = proxies.noProxy === "" ? "" : ` except ${proxies.noProxy}`;
  return hosts.length === 0 ? "" : [...new Set(hosts)].join(",") + except;
}

function proxy(env: NodeJS.ProcessEnv, names: readonly string[]): string {
  const name = names.find((candidate) => env[candidate] !== undefined);
  const value = name === undefined ? "" : String(env[name]).trim();
  if (value === "") return "";
  const url = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || new URL(url).hostname === "") {
    // What stands before @ may be a password.
    const shown = value.replace(/[^/]*@/, "…@");
    throw new Error(
      `${String(name)}: wanted the address of an HTTP proxy such as http://proxy.example:3128, got "${shown}"`,
    );
  }
  return url;
}
