//! The folder of files that both servers serve.

/// Longer than any buffer that either server has for a file.
pub const LARGE: usize = 1_200_003;

/// The extensions of wptserve's own table of content types.
pub const TYPES: [&str; 31] = [
    "json",
    "wasm",
    "xht",
    "xhtm",
    "xhtml",
    "xml",
    "xpi",
    "m4a",
    "mp3",
    "oga",
    "weba",
    "wav",
    "avif",
    "bmp",
    "gif",
    "jpg",
    "jpeg",
    "png",
    "svg",
    "manifest",
    "css",
    "event_stream",
    "htm",
    "html",
    "js",
    "mjs",
    "txt",
    "md",
    "vtt",
    "mp4",
    "webm",
];

/// Names that want care in URLs, and their percent-encoded forms.
pub const NAMES: [(&str, &str); 14] = [
    ("with space.txt", "with%20space.txt"),
    ("percent%41.txt", "percent%2541.txt"),
    ("ünïcode.txt", "%C3%BCn%C3%AFcode.txt"),
    ("日本.txt", "%E6%97%A5%E6%9C%AC.txt"),
    ("plus+sign.txt", "plus+sign.txt"),
    ("semi;colon.txt", "semi;colon.txt"),
    ("amp&.html", "amp&.html"),
    ("hash#.txt", "hash%23.txt"),
    ("quote\".txt", "quote%22.txt"),
    ("apostrophe'.txt", "apostrophe'.txt"),
    ("question?.txt", "question%3F.txt"),
    ("less<than>.txt", "less%3Cthan%3E.txt"),
    ("UPPER.TXT", "UPPER.TXT"),
    ("letter.txt", "l%65tter.txt"),
];

/// Templates that both servers fill in, by file name.
pub const TEMPLATES: [(&str, &str); 36] = [
    ("host.sub.txt", "a {{host}} b {{host}} c\n"),
    ("rest.sub.txt", "{{host and the rest is not looked at}}"),
    ("browser_host.sub.txt", "{{browser_host}}"),
    ("server_host.sub.txt", "{{server_host}}"),
    ("bind_address.sub.txt", "{{bind_address}}"),
    ("doc_root.sub.txt", "{{doc_root}}"),
    ("check.sub.txt", "{{check_subdomains}}"),
    (
        "domains.sub.txt",
        "{{domains[]}} {{domains[www]}} {{domains[www1]}} {{domains[天気の良い日]}} {{domains[élève]}}",
    ),
    ("not_domains.sub.txt", "{{domains[nonexistent]}}"),
    ("hosts.sub.txt", "{{hosts[][]}} {{hosts[][www]}} {{hosts[][élève]}}"),
    ("alternate.sub.txt", "{{hosts[alt][]}} {{hosts[alt][www2]}} {{hosts[alt][天気の良い日]}}"),
    ("ports.sub.txt", "{{ports[http][0]}} {{ports[h2][0]}}"),
    ("ports.sub.html", "<script>const port = {{ports[http][0]}};</script>"),
    ("header.sub.txt", "{{headers[x-test]}} {{headers[X-Test]}}"),
    ("default.sub.txt", "{{header_or_default(X-Test, absent)}} {{header_or_default(x-other,  two words)}}"),
    ("get.sub.txt", "{{GET[a]}}|{{GET[b]}}|{{GET[missing]}}|"),
    ("get.sub.html", "<p>{{GET[a]}}</p>"),
    ("get.sub.htm", "<p>{{GET[a]}}</p>"),
    ("get.sub.xhtml", "<p>{{GET[a]}}</p>"),
    ("get.sub.xml", "<p>{{GET[a]}}</p>"),
    ("get.sub.svg", "<p>{{GET[a]}}</p>"),
    ("get.sub.js", "'{{GET[a]}}'"),
    ("get.sub.css", "'{{GET[a]}}'"),
    (
        "location.sub.txt",
        "{{location[server]}} {{location[scheme]}} {{location[host]}} {{location[hostname]}} {{location[port]}}",
    ),
    ("path.sub.txt", "{{location[path]}} {{location[pathname]}} {{location[query]}} {{url_base}}"),
    ("path.sub.html", "{{location[path]}} {{location[query]}}"),
    ("uuid.sub.txt", "{{uuid()}}"),
    ("variable.sub.txt", "{{$first:host}} {{$first}} {{$second:GET[a]}} {{$second}} {{$first}}"),
    ("same_uuid.sub.txt", "{{$id:uuid()}}"),
    (
        "hash.sub.txt",
        "{{file_hash(md5, plain/document.txt)}} {{file_hash(sha1,plain/document.txt)}} {{file_hash(sha224, plain/document.txt)}} {{file_hash(sha256, plain/document.txt)}} {{file_hash(sha384, plain/document.txt)}} {{file_hash(sha512, plain/document.txt)}} {{file_hash(sha256, plain/empty.txt)}}",
    ),
    (
        "fs_path.sub.txt",
        "{{fs_path(fs_path.sub.txt)}} {{fs_path(/plain/document.txt)}} {{fs_path(../plain/document.txt)}} {{fs_path(missing)}}",
    ),
    ("nothing.sub.txt", "no template, {host}, {{ and } }} {{a}\n"),
    ("unicode.sub.txt", "é {{host}} 日本 {{GET[a]}}"),
    ("binary.sub.bin", "\u{0}\u{1}{{host}}\u{2}"),
    ("newline.sub.txt", "{{host}}\r\n\r\n{{host}}\n"),
    ("number.sub.txt", "{{ports[http][0]}}{{ports[h2][0]}}"),
];

/// Templates that both servers refuse.
pub const BAD_TEMPLATES: [&str; 22] = [
    "{{}}",
    "{{nope}}",
    "{{ host}}",
    "{{{host}}}",
    "{{host()}}",
    "{{host[0}}[",
    "{{ports}}",
    "{{ports[http]}}",
    "{{ports[http][9]}}",
    "{{ports[nope][0]}}",
    "{{domains[nope]}}",
    "{{hosts[nope][]}}",
    "{{headers[x-missing]}}",
    "{{location[nope]}}",
    "{{file_hash(crc32, plain/document.txt)}}",
    "{{file_hash(md5, missing)}}",
    "{{file_hash(md5)}}",
    "{{uuid}}",
    "{{$unset}}",
    "{{[0]}}",
    "{{fs_path(/../../etc/passwd)}}",
    "{{aliases}}",
];

/// `.headers` files: the file they stand beside, and their text.
const HEADERS: [(&str, &str); 20] = [
    ("headers/type.html", "Content-Type: text/plain; charset=windows-1251\n"),
    ("headers/type.txt", "content-type: application/x-one\nContent-Type: application/x-two\n"),
    ("headers/repeated.txt", "X-One: 1\nX-Two: a\nx-one: 2\nX-TWO: b\nSet-Cookie: a=1\nSet-Cookie: b=2; Path=/\n"),
    ("headers/colons.txt", "X-Url: http://example.com:80/\nX-Empty:\nX-Spaces:    inner  spaces   \n"),
    ("headers/crlf.txt", "X-One: 1\r\nX-Two: 2\r\n\r\nX-Three: 3\r\n"),
    ("headers/lines.txt", "\n\nX-One: 1\n\n\nX-Two: 2"),
    ("headers/spaces.txt", "X-One : 1\n\tX-Two: 2\n  X-Three :3\n"),
    ("headers/empty.txt", ""),
    ("headers/large.bin", "X-One: 1\nAccess-Control-Allow-Origin: *\n"),
    ("headers/cache.txt", "Cache-Control: max-age=60\n"),
    ("headers/pragma.txt", "Pragma: public\n"),
    ("headers/both.sub.html", "X-Host: {{host}}\n"),
    ("headers/latin.txt", "X-Latin: caf\u{e9} \u{65e5}\n"),
    ("headers/image.png", "X-Frame-Options: DENY\n"),
    ("headers/case.TXT", "X-MiXeD-CaSe: VaLuE\n"),
    ("headers/many.txt", "X-1: 1\nX-2: 2\nX-3: 3\nX-4: 4\nX-5: 5\nX-6: 6\nX-7: 7\nX-8: 8\nX-9: 9\nX-1: 10\nX-2: 11\n"),
    ("headers/encoding.txt", "Content-Encoding: identity\nVary: Accept\nVary: Origin\n"),
    ("headers/no_colon.txt", "X-One: 1\nthis line has none\n"),
    ("headers/semi.txt", "Content-Security-Policy: default-src 'self'; script-src https:; report-uri /x?a=b\n"),
    ("headers/with space.txt", "X-Space: in the name\n"),
];

/// Files of folders of their own, with what `.headers` there do.
const FOLDERS: [(&str, &str); 22] = [
    ("folder/__dir__.headers", "X-Folder: yes\nX-Both: folder\nContent-Type: text/x-folder\n"),
    ("folder/plain.txt", "in a folder"),
    ("folder/own.txt", "with its own"),
    ("folder/own.txt.headers", "X-Both: own\nX-Own: yes\n"),
    ("folder/typed.txt", "typed twice"),
    ("folder/typed.txt.headers", "Content-Type: text/x-own\n"),
    ("folder/below/deep.txt", "the folder above does not count"),
    ("template/__dir__.sub.headers", "X-Folder: {{host}} {{GET[a]}}\nX-Path: {{location[path]}}\n"),
    ("template/__dir__.headers", "X-Not: used\n"),
    ("template/plain.txt", "templates in the fields"),
    ("template/own.txt", "templates in its own"),
    (
        "template/own.txt.sub.headers",
        "X-Own: {{ports[http][0]}} <{{GET[a]}}>\nX-Header: {{header_or_default(x-test, none)}}\n",
    ),
    ("template/own.txt.headers", "X-Not: used\n"),
    ("template/bad.txt", "a bad one"),
    ("template/bad.txt.sub.headers", "X-Own: {{nope}}\n"),
    ("list/a.txt", "a"),
    ("list/a.txt.headers", "X-A: 1\n"),
    ("list/a.txt-not", "sorts after the other's fields"),
    ("list/B.html", "B"),
    ("list/sub/inner.txt", "inner"),
    ("list/<b>&\"quoted\".txt", "care"),
    ("list/with space é.txt", "care"),
];

/// `.asis` files that are whole responses.
pub const AS_IS: [(&str, &str); 7] = [
    ("giraffe.asis", "HTTP/1.1 202 Giraffe\r\nX-TEST: PASS\r\nContent-Length: 7\r\n\r\nContent"),
    ("bare_lines.asis", "HTTP/1.1 200 OK\nX-Test: PASS\n\nContent\nwith lines\n"),
    ("redirect.asis", "HTTP/1.1 302 Moved\r\nLocation: /plain/document.txt\r\nContent-Length: 0\r\n\r\n"),
    ("repeated.asis", "HTTP/1.1 200 OK\r\nX-One: 1\r\nX-One: 2\r\nSet-Cookie: a=b\r\n\r\nx"),
    ("length.asis", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short"),
    ("chunked.asis", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    ("template.sub.asis", "HTTP/1.1 200 OK\r\nX-Host: {{host}}\r\n\r\n{{host}}"),
];

/// 360 octets in nine lines.
pub fn document() -> String {
    let line = |number: usize| format!("line {number}: <a href='x'>&amp;</a> é {{{{GET[a]}}}}\n");
    let mut text: String = (0..8).map(line).collect();
    text.push_str("the end\n");
    text
}

/// Every file: its path below the folder, and its content.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |path: String, content: Vec<u8>| files.push((path, content));
    add("plain/document.txt".into(), document().into_bytes());
    add("plain/document.html".into(), document().into_bytes());
    add("plain/empty.txt".into(), Vec::new());
    add("plain/one.txt".into(), b"1".to_vec());
    add("plain/large.bin".into(), large());
    for extension in TYPES.iter().chain(&["bin", "unknown", "tar.gz", "HTML", "Js", "html.bak"]) {
        add(format!("types/sample.{extension}"), format!("content of {extension}").into_bytes());
    }
    add("types/no_extension".into(), b"none".to_vec());
    for (name, _) in NAMES {
        add(format!("names/{name}"), format!("named {name}").into_bytes());
    }
    for (name, text) in TEMPLATES {
        add(format!("templates/{name}"), text.into());
    }
    for (number, text) in BAD_TEMPLATES.iter().enumerate() {
        add(format!("bad/{number}.sub.txt"), format!("before {text} after").into_bytes());
    }
    for (path, text) in HEADERS {
        let content = if path.ends_with("large.bin") { large() } else { document().into_bytes() };
        add(path.to_owned(), content);
        add(format!("{path}.headers"), text.into());
    }
    for (path, text) in FOLDERS {
        add(path.to_owned(), text.into());
    }
    for (name, text) in AS_IS {
        add(format!("asis/{name}"), text.into());
    }
    files
}

/// Octets of every value whose place can be told from them.
fn large() -> Vec<u8> {
    (0..LARGE).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

/// The paths of the files of [`HEADERS`], as URLs.
pub fn with_headers() -> impl Iterator<Item = String> {
    HEADERS.iter().map(|(path, _)| format!("/{}", path.replace(' ', "%20")))
}

/// The paths of [`FOLDERS`], as URLs, that are plain files.
pub fn in_folders() -> impl Iterator<Item = String> {
    let is_plain = |path: &&(&str, &str)| !path.0.starts_with("list/") && !path.0.ends_with("headers");
    FOLDERS.iter().filter(is_plain).map(|(path, _)| format!("/{path}"))
}
