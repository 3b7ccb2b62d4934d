//! Criteria to filter.
