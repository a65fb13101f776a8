use crate::sequence::SequenceExtender;

/// More streams than this a transport does not carry at once; the one silent for longest gives way.
const STREAMS: usize = 16;

/// Which packet of the transport a packet of a stream is: congestion control feedback names packets by SSRC and RTP sequence number.
#[derive(Clone, Debug)]
pub(super) struct SentStreams {
    streams: Vec<SentStream>,
    /// How many packets of each are known.
    packets: usize,
}

#[derive(Clone, Debug)]
struct SentStream {
    ssrc: u32,
    numbers: SequenceExtender,
    /// A ring: extended RTP sequence number n and the packet's number on the transport stand at n modulo its length.
    packets: Box<[(i64, i64)]>,
    newest: i64,
}

impl SentStreams {
    pub(super) fn new(packets: usize) -> Self {
        Self {
            streams: Vec::with_capacity(STREAMS),
            packets,
        }
    }

    /// The packet `number` of the transport is this one of the stream. Allocates with the first packet of each of the first streams.
    pub(super) fn sent(&mut self, ssrc: u32, sequence_number: u16, number: i64) {
        let place = self.place(ssrc).unwrap_or_else(|| self.begin(ssrc));
        let stream = &mut self.streams[place];
        let extended = stream.numbers.extend(sequence_number);
        let index = extended.rem_euclid(stream.packets.len() as i64) as usize;
        stream.packets[index] = (extended, number);
        stream.newest = number;
    }

    /// The numbers on the transport of the packets of a stream from `first` on, where they are known.
    pub(super) fn numbers(&self, ssrc: u32, first: u16) -> Option<impl Fn(usize) -> Option<i64> + '_> {
        let stream = &self.streams[self.place(ssrc)?];
        let first = stream.numbers.peek(first);
        Some(move |index: usize| {
            let extended = first + index as i64;
            let slot = extended.rem_euclid(stream.packets.len() as i64) as usize;
            let (known, number) = stream.packets[slot];
            (known == extended).then_some(number)
        })
    }

    fn place(&self, ssrc: u32) -> Option<usize> {
        self.streams.iter().position(|stream| stream.ssrc == ssrc)
    }

    fn begin(&mut self, ssrc: u32) -> usize {
        if self.streams.len() < STREAMS {
            self.streams.push(SentStream {
                ssrc,
                numbers: SequenceExtender::new(),
                packets: vec![(i64::MIN, 0); self.packets].into_boxed_slice(),
                newest: 0,
            });
            return self.streams.len() - 1;
        }
        let silent = |place: &usize| self.streams[*place].newest;
        let place = (0..self.streams.len()).min_by_key(silent).unwrap_or(0);
        let stream = &mut self.streams[place];
        (stream.ssrc, stream.numbers) = (ssrc, SequenceExtender::new());
        stream.packets.fill((i64::MIN, 0));
        place
    }
}
