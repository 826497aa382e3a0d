//! What makes no sense, below its bytes.

use super::super::print::Printer;
use super::stream::Problem;

/// Bytes of the row that a caret points into.
const ROW: usize = 16;

/// The row of bytes with the first that makes no sense, a caret below that, and why.
pub fn show_problem(octets: &[u8], problem: &Problem, printer: &mut Printer) {
    let Problem { offset, text } = problem;
    let begin = if *offset == octets.len() { offset.saturating_sub(ROW - 1) } else { offset - offset % ROW };
    let row = octets.get(begin..octets.len().min(begin + ROW)).unwrap_or_default();
    let hex: Vec<String> = row.iter().map(|octet| format!("{octet:02x}")).collect();
    let indent = 3 * offset.saturating_sub(begin);
    printer.note(&format!("    {begin:#010x}  {}\n                {:indent$}^^ {text}\n", hex.join(" "), ""));
}
