//! QQL to filter, and back.
