//! What several fuzz targets share.

use assess::{Device, Family, ReadOptions, invariants};

/// Reads an input as the output of a command: the first byte picks the family and how it arrives, the second the
/// command. What must hold of every reading is checked.
pub fn assess_output(families: &[Family], input: &[u8]) {
    let [pick, command, bytes @ ..] = input else { return };
    let family = families[usize::from(pick / 2) % families.len()];
    let device = if pick % 2 == 0 {
        let options = ReadOptions { technology: Some(family.slug().to_owned()), ..ReadOptions::default() };
        Device::read(bytes, &options)
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let command = family.commands()[usize::from(*command) % family.commands().len()].id;
        Device::assemble(family, &[(command.to_owned(), text.to_owned())], None)
    };
    let Ok(device) = device else { return };
    if let Err(broken) = invariants::check(&device) {
        panic!("{broken}");
    }
}
