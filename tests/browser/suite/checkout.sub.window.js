// META: title=What pages of web-platform-tests need, without any configuration

const cors = "header(Access-Control-Allow-Origin,https://{{host}}:{{ports[h2][0]}})|header(Timing-Allow-Origin,*)";

promise_test(async () => {
  const cookie = "header(Set-Cookie,site=shared;Domain={{host}};Secure;Path=/)|header(Access-Control-Allow-Credentials,true)";
  const url = `https://{{domains[www]}}:{{ports[h2][0]}}/support/hello.txt?pipe=${encodeURIComponent(`${cors}|${cookie}`)}`;
  await fetch(url, { credentials: "include", cache: "no-store" });
  assert_regexp_match(document.cookie, /\bsite=shared\b/);
}, "hosts of one site share a cookie");

promise_test(async () => {
  for (const port of ["{{ports[https][0]}}", "{{ports[https-local][0]}}", "{{ports[https-public][0]}}"]) {
    const response = await fetch(`https://{{host}}:${port}/support/hello.txt?pipe=${encodeURIComponent(cors)}`);
    assert_equals(await response.text(), "hello\n");
  }
}, "ports are open that tests name");

promise_test(async () => {
  for (let round = 0; round < 3; round += 1) {
    const url = `https://{{host}}:{{ports[https][1]}}/support/hello.txt?round=${round}&pipe=${encodeURIComponent(cors)}`;
    await (await fetch(url, { cache: "no-store" })).text();
    const [entry] = performance.getEntriesByName(url);
    assert_greater_than(entry.connectEnd, entry.connectStart, `round ${round} has a connection of its own`);
  }
}, "HTTP/1.1 connections end after a file");

promise_test(async () => {
  for (let round = 0; round < 16; round += 1) {
    const url = new URL(`/handlers/hints.rhai?round=${round}`, location).href;
    const response = await fetch(url, { cache: "no-store" });
    assert_equals(await response.text(), "done");
    const [entry] = performance.getEntriesByName(url);
    if (entry.firstInterimResponseStart !== undefined) {
      assert_greater_than(entry.firstInterimResponseStart, 0, `the 103 of round ${round} was seen`);
    }
  }
}, "no early 103 is lost");

promise_test(async () => {
  const frame = document.createElement("iframe");
  const loaded = new Promise((resolve) => { frame.onload = resolve; });
  frame.src = "https://{{domains[www]}}:{{ports[h2][0]}}/support/domain.sub.html";
  document.body.append(frame);
  await loaded;
  document.domain = "{{host}}";
  assert_equals(frame.contentWindow.secret, "of www");
}, "document.domain joins hosts of one site");
