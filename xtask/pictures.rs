//! The pictures of README.md, made from what the program really shows: `pictures/`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "target/debug/wireserve";
const PICTURES: &str = "pictures";
/// Requests of which the inspector shows the first connection.
const PATHS: [&str; 3] = ["/handlers/hello.rhai", SPLIT, "/handlers/stream.rhai"];
/// What the terminal fetches, and the frames that it shows.
const SPLIT: &str = "/handlers/continuation/split.rhai";
const SHOWN: &str = "HEADERS,CONTINUATION,DATA";

/// A page around another one, which is complete only after three seconds: then the picture is taken.
const FRAME: &str = r#"<!doctype html>
<style>body { margin: 0; overflow: hidden } iframe { border: 0; width: 100vw; height: 100vh }</style>
<script>document.write(`<iframe src="${location.hash.slice(1)}"></iframe>`)</script>
<img hidden src="/handlers/delay.rhai?seconds=3">
"#;

type Outcome<T = ()> = Result<T, String>;

/// Stops its process when it goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Makes all pictures. Needs Chromium, script(1), and the default ports.
pub fn make() -> Outcome {
    let folder = std::env::temp_dir().join(format!("wireserve-pictures-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let made = make_in(&folder);
    let _ = fs::remove_dir_all(&folder);
    made
}

fn make_in(folder: &Path) -> Outcome {
    let program = fs::canonicalize(PROGRAM).map_err(|error| format!("{PROGRAM}: {error}"))?;
    let pictures = std::env::current_dir().map_err(|error| error.to_string())?.join(PICTURES);
    fs::create_dir_all(&pictures).map_err(|error| format!("{PICTURES}: {error}"))?;
    fs::write(folder.join("frame.html"), FRAME).map_err(|error| format!("frame.html: {error}"))?;
    let greeting = greeting(&program, folder)?;
    let _server = serve(&program, folder)?;
    let fetched = fetch(&program, folder, &["--only", SHOWN], &[SPLIT])?;
    let text = format!(
        "$ wireserve serve --h2\n{greeting}\n$ wireserve fetch --only {SHOWN} https://localhost:9000{SPLIT}\n{fetched}"
    );
    // The blue of its palette cannot be read on black.
    let svg = anstyle_svg::Term::new().render_svg(&text).replace("fill: #0000AA", "fill: #6CA8FF");
    fs::write(pictures.join("terminal.svg"), svg).map_err(|error| format!("terminal.svg: {error}"))?;
    fetch(&program, folder, &[], &PATHS)?;
    let transcript = get("/_wire/connections/2.jsonl")?;
    let line = transcript.lines().find(|line| line.contains("\"CONTINUATION\"")).ok_or("no CONTINUATION came")?;
    let seq: String = line.trim_start_matches("{\"seq\":").chars().take_while(char::is_ascii_digit).collect();
    for (name, place) in
        [("start.png", "/".to_owned()), ("inspector.png", format!("/_wire/#connection=2&frame=2:{seq}"))]
    {
        let screenshot = format!("--screenshot={}", pictures.join(name).display());
        let url = format!("https://localhost:9000/frame.html#{place}");
        let mut open = Command::new(&program);
        open.args(["open", "--headless", "--browser", "chromium", &url, "--", &screenshot, "--window-size=1040,540"]);
        open.args(["--hide-scrollbars", "--blink-settings=preferredColorScheme=1"]);
        let opened = open.current_dir(folder).output().map_err(|error| format!("open: {error}"))?;
        if !opened.status.success() {
            return Err(format!("no picture of {place}: {}", String::from_utf8_lossy(&opened.stderr)));
        }
    }
    Ok(())
}

/// What `serve` says on a terminal.
fn greeting(program: &Path, folder: &Path) -> Outcome<String> {
    let command = format!("{} serve --h2", program.display());
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(folder).env("CLICOLOR_FORCE", "1");
    let child =
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|error| format!("script: {error}"))?;
    let mut running = Running(child);
    let output = running.0.stdout.take().ok_or("script has no output")?;
    let mut text = String::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        text.push_str(line.trim_end());
        text.push('\n');
        if line.contains("Ctrl-C") {
            // As a user would.
            if let Some(input) = &mut running.0.stdin {
                let _ = input.write_all(b"\x03");
            }
            // Its ports are free again once it is gone.
            let end = Instant::now() + Duration::from_secs(10);
            while Instant::now() < end && matches!(running.0.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return Ok(text);
        }
    }
    Err(format!("the server does not start: {text}"))
}

/// Starts the server, and waits until it is ready.
fn serve(program: &Path, folder: &Path) -> Outcome<Running> {
    let mut command = Command::new(program);
    command.args(["serve", "--h2"]).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn().map_err(|error| format!("serve: {error}"))?);
    let output = running.0.stdout.take().ok_or("serve has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).map_err(|error| format!("serve: {error}"))?;
    if line.is_empty() {
        Err("the server does not start: are the default ports in use?".to_owned())
    } else {
        Ok(running)
    }
}

/// What `fetch` prints on a terminal.
fn fetch(program: &Path, folder: &Path, options: &[&str], paths: &[&str]) -> Outcome<String> {
    let urls = paths.iter().map(|path| format!("https://localhost:9000{path}"));
    let output = Command::new(program)
        .arg("fetch")
        .args(options)
        .args(urls)
        .current_dir(folder)
        .env("CLICOLOR_FORCE", "1")
        .output();
    let output = output.map_err(|error| format!("fetch: {error}"))?;
    Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// A page of the server, over HTTP/1.1.
fn get(path: &str) -> Outcome<String> {
    let failed = |error: std::io::Error| format!("{path}: {error}");
    let mut stream = TcpStream::connect("127.0.0.1:8000").map_err(failed)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost:8000\r\n\r\n").map_err(failed)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
