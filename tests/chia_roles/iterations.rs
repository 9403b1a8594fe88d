//! Iterations against the original's.

use nodewire::codec::chia::Bytes32;
use nodewire::state::chia::{Difficulty, iterations};
use serde_json::Value;

use crate::shared_vectors::shared;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

#[test]
fn iterations_are_those_of_the_original() {
    let test = "iterations_are_those_of_the_original";
    let Some(vectors) = shared(test, "chia", "iterations.json") else { return };
    for vector in vectors.as_array().unwrap() {
        let hex = vector["quality"].as_str().unwrap();
        let mut quality = [0; 32];
        for (byte, at) in quality.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        }
        let of = Difficulty {
            plot_size: u8::try_from(number(&vector["k"])).unwrap(),
            difficulty: number(&vector["difficulty"]),
            ips: number(&vector["ips"]),
            min_block_time: number(&vector["min_block_time"]),
        };
        assert_eq!(iterations(Bytes32(quality), of), Some(number(&vector["iterations"])), "{hex}");
    }
    assert_eq!(vectors.as_array().unwrap().len(), 60);
}

#[test]
fn what_has_no_number_has_none() {
    let of =
        |plot_size, difficulty, ips| Difficulty { plot_size, difficulty, ips, min_block_time: 30 };
    assert_eq!(iterations(Bytes32([0; 32]), of(0, 1, 1)), None, "a plot of nothing");
    assert_eq!(iterations(Bytes32([0; 32]), of(1, u64::MAX, 1)), None, "more than 64 bits");
    assert_eq!(iterations(Bytes32([255; 32]), of(63, 0, u64::MAX)), None);
    assert_eq!(iterations(Bytes32([7; 32]), of(32, 0, 10)), Some(300));
}
