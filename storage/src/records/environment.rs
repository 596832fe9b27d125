//! The id of the environment that this instance serves.

use domain::ids::EnvironmentId;

use super::Record;

impl Record for EnvironmentId {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::ids::EnvironmentId;
    use uuid::Uuid;

    #[test]
    fn golden() {
        super::super::golden::check(
            "environment",
            &EnvironmentId(Uuid::from_u128(0x0123_4567_89ab_cdef)),
        );
    }
}
