//! The scripts that stand in a page of documentation.

/// Each script of a page in Markdown, with the lines between it and the one before.
pub fn scripts(page: &str) -> Vec<(Vec<&str>, String)> {
    let (mut all, mut between, mut script) = (Vec::new(), Vec::new(), None::<String>);
    for line in page.lines() {
        match &mut script {
            None if line == "```rhai" => script = Some(String::new()),
            None => between.push(line),
            Some(_) if line == "```" => all.extend(script.take().map(|script| (std::mem::take(&mut between), script))),
            Some(script) => {
                script.push_str(line);
                script.push('\n');
            }
        }
    }
    all
}
