//! Which passwords a member of the staff may choose: long ones that are not the first guess.

/// The shortest password, in characters.
pub(crate) const SHORTEST_PASSWORD: usize = 10;
/// The longest, in bytes, so that nobody sends a book to be hashed.
pub(crate) const LONGEST_PASSWORD: usize = 256;

/// The most common passwords and their pieces, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("the password needs at least {shortest} characters")]
    TooShort {
        /// The fewest characters.
        shortest: usize,
    },
    /// Too long.
    #[error("the password may have at most {longest} bytes")]
    TooLong {
        /// The most bytes.
        longest: usize,
    },
    /// One of the first that anybody tries.
    #[error("the password is made of very common ones; choose another")]
    Common,
    /// It holds the login name.
    #[error("the password must not contain the login name")]
    ContainsLogin,
}

/// Checks a password that somebody wants to have from now on.
///
/// # Errors
///
/// Fails with the first reason against it.
pub fn check_new_password(password: &str, login: &str) -> Result<(), WeakPassword> {
    let folded = password.to_lowercase();
    if password.len() > LONGEST_PASSWORD {
        Err(WeakPassword::TooLong { longest: LONGEST_PASSWORD })
    } else if password.chars().count() < SHORTEST_PASSWORD {
        Err(WeakPassword::TooShort { shortest: SHORTEST_PASSWORD })
    } else if contains_login(&folded, &login.to_lowercase()) {
        Err(WeakPassword::ContainsLogin)
    } else if is_common(&folded) {
        Err(WeakPassword::Common)
    } else {
        Ok(())
    }
}

/// A login may be an address of e-mail; then its own half counts. One of two letters is in too many words.
fn contains_login(password: &str, login: &str) -> bool {
    let name = login.split('@').next().unwrap_or(login);
    name.chars().count() >= 3 && password.contains(name)
}

/// Whether the password is nothing but common ones and repeated characters, side by side: most common passwords are
/// shorter than ours may be, and are made longer in just that way.
fn is_common(password: &str) -> bool {
    let mut reached = vec![false; password.len() + 1];
    reached[0] = true;
    for start in (0..password.len()).filter(|&place| password.is_char_boundary(place)) {
        if reached[start] {
            let rest = &password[start..];
            reached[start + repeated(rest)] = true;
            for piece in COMMON.lines().filter(|piece| rest.starts_with(piece)) {
                reached[start + piece.len()] = true;
            }
        }
    }
    reached[password.len()]
}

/// The bytes of a run of one character at the beginning, from three of it on.
fn repeated(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    let count = text.chars().take_while(|&c| c == first).count();
    if count < 3 { 0 } else { count * first.len_utf8() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_passwords_of_ones_own_are_taken() {
        for password in [
            "correct horse battery",
            "Tr0ub4dor&3x",
            "紫色的长颈鹿爱喝豆浆",
            "vK8-mmq2-Zp0e",
            "woainidewoniu",
        ] {
            assert_eq!(check_new_password(password, "linxiao"), Ok(()), "{password}");
        }
    }

    #[test]
    fn common_ones_are_refused_however_they_are_put_together() {
        for password in [
            "woaini1314",
            "WoAiNi1314520",
            "1234567890",
            "password123456",
            "Qwertyuiop",
            "aaaaaaaaaa",
            "admin88888888",
            "1qaz2wsx3edc",
            "abc123abc123",
            "P@ssw0rd2026!!!",
            "taobao123456",
        ] {
            assert_eq!(check_new_password(password, "linxiao"), Err(WeakPassword::Common), "{password}");
        }
    }

    #[test]
    fn length_counts_in_characters_and_is_bounded_in_bytes() {
        assert_eq!(check_new_password("长颈鹿爱喝豆浆呀", "a"), Err(WeakPassword::TooShort { shortest: 10 }));
        assert_eq!(check_new_password(&"ab".repeat(129), "a"), Err(WeakPassword::TooLong { longest: 256 }));
    }

    #[test]
    fn the_login_name_is_not_part_of_a_password() {
        for login in ["linxiao", "LinXiao@example.com"] {
            assert_eq!(check_new_password("x9-LINXIAO-7q", login), Err(WeakPassword::ContainsLogin));
        }
        assert_eq!(check_new_password("x9-xu-7q-zebra", "xu"), Ok(()));
    }

    #[test]
    fn the_list_is_in_lower_case_and_without_blank_lines() {
        assert!(COMMON.lines().all(|line| line.len() >= 3 && line == line.to_lowercase().trim()));
    }
}
