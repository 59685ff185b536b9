//! The allocator's one setting.

/// Makes mimalloc keep freed memory instead of giving it back to the system: each step frees and
/// needs the same tensors, and pages that come back from the system have to be cleared again.
pub fn keep_freed_memory() {
    /// `mi_option_purge_delay` of mimalloc 2 and 3; -1 is never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets an integer in the allocator's own table, which it reads when it frees.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, -1) }
}
