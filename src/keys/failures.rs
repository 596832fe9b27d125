//! How many failed authentications of a client address are answered as such per second. (C-AUTH-27)
//!
//! A valid key is not a failure and is always taken: clients behind one address must not be able to
//! shut each other out. Counts live for one second of the engine's clock and are bounded in number.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

use domain::time::Timestamp;
use parking_lot::Mutex;

/// Addresses that are counted in one second; further ones are refused like those over the limit.
const ADDRESSES_MAX: usize = 65_536;

/// An address has failed too often within this second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyFailures;

/// The counts; clones share them.
#[derive(Clone, Debug)]
pub struct FailureLimit {
    max: NonZeroU32,
    window: Arc<Mutex<Window>>,
}

#[derive(Debug, Default)]
struct Window {
    second: i64,
    failures: HashMap<IpAddr, u32>,
}

impl FailureLimit {
    /// At most `max` failures per address and second.
    #[must_use]
    pub fn new(max: NonZeroU32) -> Self {
        Self { max, window: Arc::default() }
    }

    /// Counts a failure.
    ///
    /// # Errors
    /// [`TooManyFailures`] if it is one too many.
    pub fn note(&self, address: IpAddr, now: Timestamp) -> Result<(), TooManyFailures> {
        let second = now.as_millis().div_euclid(1_000);
        let mut window = self.window.lock();
        if window.second != second {
            *window = Window { second, failures: HashMap::new() };
        }
        let is_full = window.failures.len() == ADDRESSES_MAX;
        let address = counted(address);
        if is_full && !window.failures.contains_key(&address) {
            return Err(TooManyFailures);
        }
        let failures = window.failures.entry(address).or_insert(0);
        *failures = failures.saturating_add(1);
        if *failures > self.max.get() { Err(TooManyFailures) } else { Ok(()) }
    }
}

/// The address that failures are counted under: whoever has one IPv6 address has its whole /64.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use domain::time::Timestamp;

    use super::{FailureLimit, TooManyFailures};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    // C-AUTH-27
    #[test]
    fn each_address_has_its_own_failures_in_each_second() {
        let limit = FailureLimit::new(3.try_into().expect("not zero"));
        let (one, other) = (address("10.0.0.1"), address("10.0.0.2"));
        for _ in 0..3 {
            assert_eq!(limit.note(one, at(1_000)), Ok(()));
        }
        assert_eq!(limit.note(one, at(1_999)), Err(TooManyFailures));
        assert_eq!(limit.note(address("::ffff:10.0.0.1"), at(1_999)), Err(TooManyFailures));
        assert_eq!(limit.note(other, at(1_999)), Ok(()));
        assert_eq!(limit.note(one, at(2_000)), Ok(()));
    }

    // C-AUTH-27
    #[test]
    fn addresses_of_one_network_of_version_6_are_one_client() {
        let limit = FailureLimit::new(1.try_into().expect("not zero"));
        assert_eq!(limit.note(address("2001:db8::1"), at(0)), Ok(()));
        assert_eq!(limit.note(address("2001:db8::2"), at(0)), Err(TooManyFailures));
        assert_eq!(limit.note(address("2001:db8:0:1::1"), at(0)), Ok(()));
    }
}
