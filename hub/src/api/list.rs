//! Lists and the places to go on from.

use serde::Serialize;
use utoipa::ToSchema;

use super::base32;
use super::problem::Problem;
use crate::store::head::Head;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it as `after` to go on; `null` when there is no more for now.
    pub next: Option<String>,
}

/// The longest place, in bytes.
const MAX_PLACE_BYTES: usize = 200;

/// Prints a place to go on from: it names the log's epoch and the question, so that it cannot be used for another.
pub fn place(head: &Head, question: [u8; 4], place: &[u8]) -> String {
    base32::encode(&[head.epoch.as_bytes(), &question, place].concat())
}

/// Takes a place back. Of another epoch it is [`Problem::gone`], of another question it is no place at all.
pub fn after(given: Option<&str>, head: &Head, question: [u8; 4]) -> Result<Option<Vec<u8>>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let bytes = base32::decode(given).filter(|bytes| bytes.len() <= MAX_PLACE_BYTES).ok_or_else(Problem::cursor)?;
    let (epoch, rest) = bytes.split_at_checked(head.epoch.len()).ok_or_else(Problem::cursor)?;
    let (asked, place) = rest.split_at_checked(question.len()).ok_or_else(Problem::cursor)?;
    if epoch != head.epoch.as_bytes() {
        let is_epoch = epoch.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
        return Err(if is_epoch { Problem::gone(&head.position(0)) } else { Problem::cursor() });
    }
    if asked != question {
        return Err(Problem::cursor());
    }
    Ok(Some(place.to_vec()))
}

/// A place that is a number.
pub fn number(place: Option<Vec<u8>>) -> Result<Option<i64>, Problem> {
    let parse = |bytes: Vec<u8>| bytes.try_into().map(i64::from_be_bytes).map_err(|_| Problem::cursor());
    place.map(parse).transpose()
}

impl<T> List<T> {
    /// Cuts what was read, one more than wanted, to a page; `next` prints the place of the last item that stays.
    pub fn cut<R>(mut rows: Vec<R>, limit: i64, next: impl FnOnce(&R) -> String, item: impl FnMut(R) -> T) -> Self {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let next = rows.last().filter(|_| more).map(next);
        Self { items: rows.into_iter().map(item).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use muara_schemas::Moment;

    fn head(epoch: &str) -> Head {
        Head { epoch: epoch.to_owned(), seq: 9, at: Moment::default() }
    }

    #[test]
    fn a_place_is_good_for_its_own_question_in_its_own_epoch() {
        let printed = place(&head("0a1b2c3d"), [1, 2, 3, 4], &7_i64.to_be_bytes());
        let back = |epoch, question| after(Some(&printed), &head(epoch), question).and_then(number);
        assert_eq!(back("0a1b2c3d", [1, 2, 3, 4]).unwrap(), Some(7));
        assert_eq!(back("0a1b2c3d", [1, 2, 3, 5]).unwrap_err().status(), StatusCode::BAD_REQUEST);
        assert_eq!(back("ffffffff", [1, 2, 3, 4]).unwrap_err().status(), StatusCode::GONE);
        for bad in ["", "0", "zzzz", "UPPER", "1-2"] {
            assert_eq!(
                after(Some(bad), &head("0a1b2c3d"), [0; 4]).unwrap_err().status(),
                StatusCode::BAD_REQUEST,
                "{bad}"
            );
        }
    }

    #[test]
    fn a_list_ends_when_nothing_more_was_read() {
        let page = |rows: Vec<i64>| List::cut(rows, 2, ToString::to_string, |row| row * 10);
        let full = page(vec![1, 2, 3]);
        assert_eq!((full.items, full.next), (vec![10, 20], Some("2".to_owned())));
        let last = page(vec![1, 2]);
        assert_eq!((last.items, last.next), (vec![10, 20], None));
    }
}
