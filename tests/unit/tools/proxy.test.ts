import assert from "node:assert/strict";
import { proxiesOf, wayOf } from "../../../tools/proxy.ts";

describe("the proxies of an environment", () => {
  it("may lack their scheme, as curl allows", () => {
    assert.deepEqual(proxiesOf({ HTTPS_PROXY: "proxy.example:3128", http_proxy: "http://other.example" }), {
      httpProxy: "http://other.example",
      httpsProxy: "http://proxy.example:3128",
      noProxy: "",
    });
  });

  it("are none where the variables are empty; small letters count before capitals", () => {
    assert.deepEqual(proxiesOf({ https_proxy: "", HTTPS_PROXY: "http://proxy.example", NO_PROXY: "a" }), {
      httpProxy: "",
      httpsProxy: "",
      noProxy: "a",
    });
  });

  for (const [variable, value, shown] of [
    ["HTTPS_PROXY", "socks5://127.0.0.1:1080", "socks5://127.0.0.1:1080"],
    ["http_proxy", "http://me:secret@", "http://…@"],
    ["HTTP_PROXY", "my proxy", "my proxy"],
  ] as const) {
    it(`that are no HTTP proxies name their variable and no password: ${variable}=${shown}`, () => {
      assert.throws(() => proxiesOf({ [variable]: value }), {
        message: `${variable}: wanted the address of an HTTP proxy such as http://proxy.example:3128, got "${shown}"`,
      });
    });
  }

  it("are named without their passwords where a failure is remembered", () => {
    assert.equal(
      wayOf({ HTTPS_PROXY: "http://me:secret@proxy.example:3128", NO_PROXY: "10.0.0.1" }),
      "proxy.example:3128 except 10.0.0.1",
    );
    assert.equal(wayOf({ HTTPS_PROXY: "proxy.example:3128" }), "proxy.example:3128");
    assert.equal(wayOf({}), "");
  });
});
