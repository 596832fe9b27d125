//! Whose a pause is: the user's id.

use domain::ids::UserId;

use super::Record;

impl Record for UserId {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use domain::ids::UserId;

    #[test]
    fn golden() {
        let sample = UserId::new("18").expect("valid");
        super::super::golden::check("pause_owner", &sample);
    }
}
