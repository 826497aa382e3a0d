// META: title=Other origins: subdomains, IDNA names, the alternate host
// META: script=support/helper.js

const port = "{{ports[h2][0]}}";
const hosts = {
  "a subdomain": "{{domains[www]}}",
  "a subdomain of a subdomain": "{{domains[www2.www1]}}",
  "a subdomain with letters beyond ASCII": "{{domains[élève]}}",
  "the alternate host": "{{hosts[alt][]}}",
  "a subdomain of the alternate host": "{{hosts[alt][天気の良い日]}}",
};

for (const [what, host] of Object.entries(hosts)) {
  promise_test(async () => {
    const url = `https://${host}:${port}/support/hello.txt`;
    const response = await fetch(url, { cache: "no-store" });
    assert_equals(await response.text(), "hello\n");
    const [entry] = performance.getEntriesByName(url);
    assert_equals(entry.nextHopProtocol, "h2");
  }, `${what}: ${host}`);
}
