//! The encoding of key tuples: bytes that sort as the tuple does.

use domain::{
    ids::{EnvironmentId, LeaderboardId, Scope, UserId, WebhookId},
    leaderboard::Group,
    time::{Date, Timestamp},
    webhook::{DeliveryPlace, MessagePlace},
};
use uuid::Uuid;

use super::Kind;
use crate::shard::ShardId;

const TEXT_END: [u8; 2] = [0, 0];
const TEXT_NUL: [u8; 2] = [0, 0xff];

/// Length of the encoded text at the start of `bytes`, its end included; `None` if it doesn't end.
pub(super) fn text_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr(0, &bytes[at..])?;
        match *bytes.get(at + 1)? {
            0 => return Some(at + TEXT_END.len()),
            0xff => at += TEXT_NUL.len(),
            _ => return None,
        }
    }
}

pub(super) fn read_text(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (text, rest) = bytes.split_at(text_len(bytes)?);
    let escaped = &text[..text.len() - TEXT_END.len()];
    let mut out = Vec::with_capacity(escaped.len());
    let mut after_nul = false;
    for byte in escaped {
        if !after_nul {
            out.push(*byte);
        }
        after_nul = *byte == 0 && !after_nul;
    }
    Some((out, rest))
}

const SIGN_BIT: u32 = 1 << 31;
const SIGN_BIT_LONG: u64 = 1 << 63;

pub(super) fn flipped(number: i32) -> [u8; 4] {
    (number.cast_unsigned() ^ SIGN_BIT).to_be_bytes()
}

pub(super) fn unflipped(bytes: [u8; 4]) -> i32 {
    (u32::from_be_bytes(bytes) ^ SIGN_BIT).cast_signed()
}

pub(super) fn unflipped_long(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ SIGN_BIT_LONG).cast_signed()
}

/// The inverse of [`Tuple::delivery`].
pub(super) fn read_delivery(bytes: &[u8]) -> Option<DeliveryPlace> {
    let (at, rest) = bytes.split_first_chunk::<8>()?;
    let (shard, rest) = rest.split_first_chunk::<2>()?;
    let (sequence, rest) = rest.split_first_chunk::<8>()?;
    let message = MessagePlace {
        at: Timestamp::from_millis(unflipped_long(*at)),
        shard: u16::from_be_bytes(*shard),
        sequence: u64::from_be_bytes(*sequence),
    };
    Some(DeliveryPlace { message, number: u16::from_be_bytes(rest.try_into().ok()?) })
}

pub(super) struct Tuple(pub(super) Vec<u8>);

impl Tuple {
    pub(super) fn scoped(scope: Scope, kind: Kind) -> Self {
        let mut key = Vec::with_capacity(96);
        key.extend_from_slice(scope.environment.0.as_bytes());
        key.extend_from_slice(scope.tenant.0.as_bytes());
        key.push(kind as u8);
        Self(key)
    }

    pub(super) fn global(kind: Kind) -> Self {
        Self::scoped(Scope::untenanted(EnvironmentId(Uuid::nil())), kind)
    }

    pub(super) fn of_user(scope: Scope, kind: Kind, user: &UserId) -> Self {
        Self::scoped(scope, kind).text(user.as_str().as_bytes())
    }

    pub(super) fn timer(scope: Scope, shard: ShardId) -> Self {
        let mut key = Self::scoped(scope, Kind::Timer);
        key.0.extend_from_slice(&shard.0.to_be_bytes());
        key
    }

    pub(super) fn of_run(scope: Scope, kind: Kind, board: LeaderboardId, run: Date) -> Self {
        Self::scoped(scope, kind).uuid(board.0).date(run)
    }

    pub(super) fn group(self, group: &Group) -> Self {
        group.0.iter().fold(self, |key, value| key.text(value.as_bytes()))
    }

    pub(super) fn messages(scope: Scope, shard: u16) -> Self {
        Self::scoped(scope, Kind::Message).short(shard)
    }

    pub(super) fn pending(scope: Scope, webhook: WebhookId) -> Self {
        Self::scoped(scope, Kind::Pending).uuid(webhook.0)
    }

    pub(super) fn delivery(self, DeliveryPlace { message, number }: DeliveryPlace) -> Self {
        self.instant(message.at).short(message.shard).sequence(message.sequence).short(number)
    }

    pub(super) fn short(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(super) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(super) fn text(mut self, text: &[u8]) -> Self {
        for byte in text {
            match byte {
                0 => self.0.extend_from_slice(&TEXT_NUL),
                byte => self.0.push(*byte),
            }
        }
        self.0.extend_from_slice(&TEXT_END);
        self
    }

    pub(super) fn uuid(mut self, id: Uuid) -> Self {
        self.0.extend_from_slice(id.as_bytes());
        self
    }

    pub(super) fn sequence(mut self, sequence: u64) -> Self {
        self.0.extend_from_slice(&sequence.to_be_bytes());
        self
    }

    pub(super) fn date(mut self, day: Date) -> Self {
        self.0.extend_from_slice(&flipped(day.to_days()));
        self
    }

    pub(super) fn instant(mut self, at: Timestamp) -> Self {
        let flipped = at.as_millis().cast_unsigned() ^ SIGN_BIT_LONG;
        self.0.extend_from_slice(&flipped.to_be_bytes());
        self
    }
}
