//! What the ends of a protocol have alike that has one channel and one type of messages.

/// Implements `OverChannels` for ends that differ in their channel and in what they admit.
///
/// An end has a `phase` and a `config`. `$ingress` tells how much may wait on its channel, and
/// `$longest` how long a message may be now, if any may come. Faults call the protocol `$name`.
macro_rules! over_one_channel {
    ($name:literal, $message:ty, $class:expr, $($end:ty {
        channel: $channel:expr, ingress: $ingress:expr, longest: $longest:expr $(,)?
    })+) => {$(
        impl OverChannels for $end {
            fn channels(&self) -> Vec<ChannelSpec> {
                let (channel, ingress) = ($channel, $ingress(&self.config));
                Vec::from([ChannelSpec { channel, ingress, class: $class }])
            }

            fn item_limit(&self, channel: Channel, head: &[u8]) -> Result<usize, Fault> {
                let longest = $longest(&self.config, self.phase)?;
                wrong_head(head, |head| <$message>::decode(head, Source::COPY))
                    .map_err(|wrong| self.malformed(channel, wrong))?;
                Ok(longest)
            }

            fn too_large(&self, _: Channel) -> Fault {
                Fault::violation(&rules::STATE_MESSAGE_TOO_LARGE, self.phase.name())
            }

            fn malformed(&self, _: Channel, malformed: Malformed) -> Fault {
                rules::malformed(malformed, $name)
            }

            fn decode(
                &self,
                channel: Channel,
                item: &[u8],
                source: Source<'_>,
            ) -> Result<$message, Fault> {
                <$message>::decode(item, source).map_err(|wrong| self.malformed(channel, wrong))
            }

            fn encode(message: &$message, out: &mut Vec<u8>) -> Channel {
                message.encode(out);
                $channel
            }
        }
    )+};
}

pub(super) use over_one_channel;
