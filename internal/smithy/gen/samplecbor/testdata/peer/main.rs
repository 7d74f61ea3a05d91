// Writes the sample's messages in both formats, one a line: NAME FORMAT HEX. With "check", reads such
// lines, of another's making, from standard input and says which are not the same values.
#[path = "samplecbor.rs"]
mod samplecbor;
use samplecbor::*;
use std::collections::HashMap;
use wasmbus_rpc::{cbor, common::{decode, serialize, Document, Number}, Timestamp};

fn hex(b: &[u8]) -> String { b.iter().map(|c| format!("{c:02x}")).collect() }
fn unhex(s: &str) -> Vec<u8> { (0..s.len() / 2).map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()).collect() }

fn one<K: Into<String>, V>(k: K, v: V) -> HashMap<String, V> { HashMap::from([(k.into(), v)]) }

fn everything() -> Everything {
    Everything {
        text: "text".into(), optional: Some("ö".into()), flag: true, maybe: true, bytes: vec![0, 255], tiny: Some(255), small: Some(65535), count: 1 << 31,
        big: Some(1 << 63), signed: Some(i64::MIN), ratio: 0.5, short: 0.25, renamed: -7, names: vec!["a".into(), "".into()],
        table: Some(one("k", vec!["v".into()])), leaf: Some(Leaf { at: 3 }), must: Leaf { at: 4 },
        at: Timestamp { sec: 1, nsec: 999_999_999 }, later: Some(Timestamp { sec: -1, nsec: 0 }),
        times: Some(vec![Timestamp { sec: 1 << 33, nsec: 1 }, Timestamp { sec: 0, nsec: 0 }]),
        extra: Some(Document::Array(vec![
            Document::Object(one("k", Document::String("v".into()))), Document::Blob(vec![1, 200]), Document::Number(Number::PosInt(u64::MAX)),
            Document::Number(Number::NegInt(-5)), Document::Number(Number::Float(1.5)), Document::Bool(true), Document::Null])),
        shape: Some(Shape::When2(Timestamp { sec: 5, nsec: 6 })),
        shapes: Some(vec![Shape::Text("t".into()), Shape::Leaf(Leaf { at: 9 }), Shape::NothingAtAll, Shape::Open(Document::Bool(false)), Shape::Count(300)]),
    }
}

fn bare() -> Everything {
    Everything { at: Timestamp { sec: 0, nsec: 0 }, ..Default::default() }
}

macro_rules! emit {
    ($name:expr, $value:expr, $encode:path) => {{
        let value = $value;
        println!("{} msgpack {}", $name, hex(&serialize(&value).unwrap()));
        let mut e = cbor::vec_encoder(true);
        $encode(&mut e, &value).unwrap();
        println!("{} cbor {}", $name, hex(&e.into_inner()));
    }};
}

fn shapes() -> Vec<(&'static str, Shape)> {
    let mut all = vec![];
    for (i, s) in everything().shapes.unwrap().into_iter().chain([everything().shape.unwrap()]).enumerate() {
        all.push((["shape-text", "shape-leaf", "shape-nothing", "shape-open", "shape-count", "shape-when"][i], s));
    }
    all
}

fn main() {
    let loose = Loose { name: "n".into(), age: 7, leaf: Leaf { at: 1 } };
    if std::env::args().nth(1).as_deref() != Some("check") {
        emit!("everything", everything(), encode_everything);
        emit!("bare", bare(), encode_everything);
        emit!("loose", loose, encode_loose);
        emit!("nothing", Nothing {}, encode_nothing);
        emit!("times", everything().times.unwrap(), encode_times);
        for (name, s) in shapes() { emit!(name, s, encode_shape); }
        return;
    }
    let mut bad = 0;
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let mut parts = line.split(' ');
        let (name, format, b) = (parts.next().unwrap(), parts.next().unwrap(), unhex(parts.next().unwrap()));
        let said = match name {
            "everything" => format!("{:?}", decode(&b, &decode_everything).map(|v| v == everything())),
            "bare" => format!("{:?}", decode(&b, &decode_everything).map(|v| v == bare())),
            "loose" => format!("{:?}", decode(&b, &decode_loose).map(|v| v == loose)),
            "nothing" => format!("{:?}", decode(&b, &decode_nothing).map(|v| v == Nothing {})),
            "times" => format!("{:?}", decode(&b, &decode_times).map(|v| v == everything().times.unwrap())),
            _ => format!("{:?}", decode(&b, &decode_shape).map(|v| shapes().iter().any(|(n, s)| *n == name && *s == v))),
        };
        println!("{name} {format}: {said}");
        bad += (said != "Ok(true)") as i32;
    }
    std::process::exit(bad);
}
