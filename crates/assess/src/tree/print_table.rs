//! Ruled tables written down again.

use super::{NodeId, ROOT, Tree};

/// Blanks between columns.
const GAP: usize = 2;

impl Tree {
    /// Rows of the same titles as one table; plain lines between blank lines, where no table reaches.
    pub(super) fn print_tables(&self, out: &mut String) {
        let mut rows: Vec<(NodeId, Vec<(&str, &str)>)> =
            self.all_children(ROOT).map(|id| (id, self.row(id))).collect();
        rows.reverse();
        while let Some((id, row)) = rows.pop() {
            if row.is_empty() {
                out.push_str(self.text(id));
                out.push('\n');
                continue;
            }
            let mut table = vec![row];
            while let Some((_, next)) =
                rows.pop_if(|(_, next)| table.first().is_some_and(|row| titles(row).eq(titles(next))))
            {
                table.push(next);
            }
            print(&table, out);
        }
    }

    /// Title and cell of each column; none for a plain line.
    fn row(&self, id: NodeId) -> Vec<(&str, &str)> {
        self.all_children(id).filter_map(|column| self.text(column).split_once(": ")).collect()
    }
}

fn titles<'r>(row: &'r [(&str, &str)]) -> impl Iterator<Item = &'r str> {
    row.iter().map(|(title, _)| *title)
}

fn print(table: &[Vec<(&str, &str)>], out: &mut String) {
    let Some(first) = table.first() else { return };
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells
            .map(|(title, cell)| title.chars().count().max(cell.chars().count()))
            .max()
            .unwrap_or_default()
            .max(GAP)
    };
    let widths: Vec<usize> = (0..first.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (cell, width) in cells.zip(&widths) {
            text.push_str(&format!("{cell:<0$}", width + GAP));
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&mut std::iter::once(""));
    line(&mut titles(first));
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&mut dashes.iter().map(String::as_str));
    table.iter().for_each(|row| line(&mut row.iter().map(|(_, cell)| *cell)));
    line(&mut std::iter::once(""));
}
