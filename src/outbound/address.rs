//! Which addresses may be contacted. (C-WH-21)
//!
//! A name is resolved here, every address is checked, and only checked ones are handed to whoever
//! connects: a name that answers differently the second time changes nothing. Addresses written
//! into a URL pass the same check.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String) -> Looking + Send + Sync>;

/// A lookup under way.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The operating system's way to find addresses.
#[must_use]
pub fn system() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.collect())
        })
    })
}

/// What may be contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Whether addresses of private networks may be, this machine's own included.
    pub allow_private: bool,
}

/// The address is never contacted, or not by this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is {1} and must not be contacted")]
pub struct Refused(IpAddr, &'static str);

impl Guard {
    /// # Errors
    /// If the address must not be contacted.
    pub fn check(self, address: IpAddr) -> Result<(), Refused> {
        let reason = match embedded(address) {
            IpAddr::V4(v4) => self.refuses_v4(v4),
            IpAddr::V6(v6) => self.refuses_v6(v6),
        };
        reason.map_or(Ok(()), |reason| Err(Refused(address, reason)))
    }

    fn refuses_v4(self, v4: Ipv4Addr) -> Option<&'static str> {
        let [a, b, ..] = v4.octets();
        let shared = a == 100 && (64..128).contains(&b);
        if v4.is_link_local() {
            Some("link-local")
        } else if v4.is_multicast() || v4.is_broadcast() {
            Some("not one machine's")
        } else if v4.is_private() || v4.is_loopback() || a == 0 || shared {
            (!self.allow_private).then_some("private")
        } else {
            None
        }
    }

    fn refuses_v6(self, v6: Ipv6Addr) -> Option<&'static str> {
        const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
        if v6.is_unicast_link_local() {
            Some("link-local")
        } else if v6 == METADATA {
            Some("a cloud's metadata service")
        } else if v6.is_multicast() {
            Some("not one machine's")
        } else if v6.is_unique_local() || v6.is_loopback() || v6.is_unspecified() {
            (!self.allow_private).then_some("private")
        } else {
            None
        }
    }
}

/// The IPv4 address inside an IPv6 one that only wraps it: mapped, compatible, or translated.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, low] if high > 0 => v4(high, low),
        _ => address,
    }
}

/// Resolves names to addresses that may be contacted.
pub struct GuardedResolver {
    /// What may be contacted.
    pub guard: Guard,
    /// How addresses are found.
    pub lookup: Lookup,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, looking) = (self.guard, (self.lookup)(name.as_str().to_owned()));
        Box::pin(async move {
            let mut allowed = Vec::new();
            let mut refused = None;
            for address in looking.await? {
                match guard.check(address.ip()) {
                    Ok(()) => allowed.push(address),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            match refused {
                Some(refusal) if allowed.is_empty() => Err(refusal.into()),
                Some(_) | None => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Guard;

    fn refused(address: &str, allow_private: bool) -> bool {
        Guard { allow_private }.check(address.parse().unwrap()).is_err()
    }

    // C-WH-21
    #[test]
    fn link_local_and_metadata_are_always_refused() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "224.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ] {
            assert!(refused(address, true) && refused(address, false), "{address}");
        }
    }

    // C-WH-21
    #[test]
    fn private_networks_are_refused_unless_allowed() {
        for address in [
            "10.0.0.1",
            "172.16.5.4",
            "192.168.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "100.64.0.1",
            "::1",
            "::",
            "fc00::1",
            "fd12:3456::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
        ] {
            assert!(refused(address, false), "{address}");
            assert!(!refused(address, true), "{address}");
        }
    }

    // C-WH-21
    #[test]
    fn everyone_else_may_be_contacted() {
        for address in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111"] {
            assert!(!refused(address, false), "{address}");
        }
    }
}
