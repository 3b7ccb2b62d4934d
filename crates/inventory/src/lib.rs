//! The inventory document.
