//! What the bytes cost with no client around them: nobody who speaks Kafka's protocol over a socket can go below.
//!
//! The other end is a process that drains, or serves what it has prepared. `produce` writes records into batches of a
//! megabyte, compresses them where asked, sets the checksum and hands each to the socket in one call. `consume` reads
//! batches into one buffer, compares the checksum, decompresses where asked and walks the records. No acknowledgements,
//! no partitions, no clock but one reading per batch.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use peer::{Arguments, Meter};

const HEADER: usize = 61;
/// As in Kafka's lz4 frames.
const BLOCK: usize = 64 << 10;
const ROOM: usize = 2 << 20;
/// Tells the program that it is the other end.
const OTHER_END: &str = "FLOOR_OTHER_END";

fn main() {
    let arguments = Arguments::read();
    let (records, bytes) = (arguments.records(), arguments.records() * arguments.size());
    let mut codec = Codec::new(&arguments.text("codec", "none"));
    if let Ok(address) = std::env::var(OTHER_END) {
        let mut socket = TcpStream::connect(address).unwrap();
        return match arguments.load.as_str() {
            "produce" => drain(&mut socket),
            _ => serve(&mut socket, &arguments, &mut codec),
        };
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut other_end = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args().skip(1))
        .env(OTHER_END, listener.local_addr().unwrap().to_string())
        .spawn()
        .unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_nodelay(true).unwrap();
    let usage = if arguments.load == "produce" {
        let rows = arguments.rows();
        let meter = Meter::begin();
        build(&rows, &arguments, &mut codec, |frame| socket.write_all(frame).unwrap());
        socket.shutdown(Shutdown::Write).unwrap();
        meter.end()
    } else {
        // Until everything is prepared there.
        socket.read_exact(&mut [0]).unwrap();
        let meter = Meter::begin();
        assert_eq!(walk(&mut socket, &mut codec), (records, bytes));
        meter.end()
    };
    usage.print("floor", "-", &arguments.load, records, bytes, "");
    other_end.wait().unwrap();
}

enum Codec {
    None,
    Lz4(Vec<u8>),
    Zstd(zstd::bulk::Compressor<'static>, zstd::bulk::Decompressor<'static>, Vec<u8>),
}

impl Codec {
    fn new(name: &str) -> Self {
        match name {
            "lz4" => Self::Lz4(vec![0; ROOM]),
            "zstd" => Self::Zstd(
                zstd::bulk::Compressor::new(3).unwrap(),
                zstd::bulk::Decompressor::new().unwrap(),
                vec![0; ROOM],
            ),
            _ => Self::None,
        }
    }

    /// Puts the compressed form in the place of everything from `begin` on.
    fn compress(&mut self, batch: &mut Vec<u8>, begin: usize) {
        let compressed = match self {
            Self::None => return,
            Self::Lz4(room) => {
                let mut end = 0;
                for block in batch[begin..].chunks(BLOCK) {
                    let size = lz4_flex::block::compress_into(block, &mut room[end + 4..]).unwrap();
                    room[end..end + 4].copy_from_slice(&(size as u32).to_le_bytes());
                    end += 4 + size;
                }
                &room[..end]
            }
            Self::Zstd(compressor, _, room) => {
                let end = compressor.compress_to_buffer(&batch[begin..], &mut room[..]).unwrap();
                &room[..end]
            }
        };
        batch.truncate(begin);
        batch.extend_from_slice(compressed);
    }

    fn decompress<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        match self {
            Self::None => bytes,
            Self::Lz4(room) => {
                let (mut from, mut end) = (0, 0);
                while let Some(size) = bytes.get(from..from + 4) {
                    let size = u32::from_le_bytes(size.try_into().unwrap()) as usize;
                    let block = &bytes[from + 4..from + 4 + size];
                    end += lz4_flex::block::decompress_into(block, &mut room[end..end + BLOCK]).unwrap();
                    from += 4 + size;
                }
                &room[..end]
            }
            Self::Zstd(_, decompressor, room) => {
                let end = decompressor.decompress_to_buffer(bytes, &mut room[..]).unwrap();
                &room[..end]
            }
        }
    }
}

#[inline(always)]
fn put(bytes: &mut [u8], at: &mut usize, number: i32) {
    let mut rest = ((number << 1) ^ (number >> 31)) as u32;
    while rest >= 0x80 {
        bytes[*at] = rest as u8 | 0x80;
        *at += 1;
        rest >>= 7;
    }
    bytes[*at] = rest as u8;
    *at += 1;
}

#[inline(always)]
fn get(bytes: &[u8], at: &mut usize) -> i64 {
    let (mut raw, mut shift) = (0_u64, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        raw |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (raw >> 1) as i64 ^ -((raw & 1) as i64);
        }
        shift += 7;
    }
}

/// Everything before the value: length, attributes, the two deltas, no key, the value's length.
#[inline(always)]
fn head(index: i32, value: usize) -> ([u8; 24], usize) {
    let (mut body, mut end) = ([0; 16], 1);
    for number in [0, index, -1, value as i32] {
        put(&mut body, &mut end, number);
    }
    let (mut whole, mut at) = ([0; 24], 0);
    put(&mut whole, &mut at, (end + value + 1) as i32);
    whole[at..at + end].copy_from_slice(&body[..end]);
    (whole, at + end)
}

/// Frames of four bytes of length and one batch.
fn build(rows: &[Bytes], arguments: &Arguments, codec: &mut Codec, mut frame: impl FnMut(&[u8])) {
    let limit = arguments.batch_bytes();
    let mut batch = Vec::with_capacity(limit + BLOCK);
    batch.resize(4 + HEADER, 0);
    let mut count = 0;
    for index in 0..arguments.records() {
        let value = &rows[index % rows.len()];
        let (mut bytes, mut end) = head(count, value.len());
        if batch.len() + end + value.len() + 1 > limit {
            close(&mut batch, count, codec);
            frame(&batch);
            batch.clear();
            batch.resize(4 + HEADER, 0);
            count = 0;
            (bytes, end) = head(count, value.len());
        }
        batch.extend_from_slice(&bytes[..end]);
        batch.extend_from_slice(value);
        batch.push(0);
        count += 1;
    }
    close(&mut batch, count, codec);
    frame(&batch);
}

fn close(batch: &mut Vec<u8>, count: i32, codec: &mut Codec) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    codec.compress(batch, 4 + HEADER);
    let size = (batch.len() - 4) as i32;
    batch[..4].copy_from_slice(&size.to_be_bytes());
    let header = &mut batch[4..];
    header[8..12].copy_from_slice(&(size - 12).to_be_bytes());
    header[16] = 2;
    header[23..27].copy_from_slice(&(count - 1).to_be_bytes());
    header[27..35].copy_from_slice(&now.to_be_bytes());
    header[35..43].copy_from_slice(&now.to_be_bytes());
    header[57..61].copy_from_slice(&count.to_be_bytes());
    let checksum = crc32c::crc32c(&header[21..]);
    header[17..21].copy_from_slice(&checksum.to_be_bytes());
}

fn drain(socket: &mut TcpStream) {
    let mut room = vec![0; 1 << 20];
    while socket.read(&mut room).unwrap() > 0 {}
}

fn serve(socket: &mut TcpStream, arguments: &Arguments, codec: &mut Codec) {
    let mut frames = Vec::new();
    build(&arguments.rows(), arguments, codec, |frame| frames.push(frame.to_vec()));
    socket.write_all(&[0]).unwrap();
    for frame in frames {
        socket.write_all(&frame).unwrap();
    }
}

/// Records and bytes of values until the stream ends.
fn walk(socket: &mut TcpStream, codec: &mut Codec) -> (usize, usize) {
    let (mut records, mut bytes) = (0, 0);
    let mut room = vec![0; ROOM];
    let mut length = [0; 4];
    while socket.read_exact(&mut length).is_ok() {
        let batch = &mut room[..i32::from_be_bytes(length) as usize];
        socket.read_exact(batch).unwrap();
        assert_eq!(crc32c::crc32c(&batch[21..]).to_be_bytes(), batch[17..21]);
        let count = i32::from_be_bytes(batch[57..61].try_into().unwrap());
        let plain = codec.decompress(&batch[HEADER..]);
        let mut at = 0;
        for _ in 0..count {
            let end = get(plain, &mut at) as usize + at;
            at += 1;
            let (_timestamp, _offset) = (get(plain, &mut at), get(plain, &mut at));
            at += get(plain, &mut at).max(0) as usize;
            bytes += get(plain, &mut at) as usize;
            records += 1;
            at = end;
        }
    }
    (records, bytes)
}
