//! Statements that go to the database together. SQLite's driver hands what it is given to a thread and wakes whoever waits for the
//! answer, which takes longer than most statements: a message needs a dozen of them, and two or three such journeys.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Any, AnyConnection, Arguments as _, AssertSqlSafe, Either, Encode, Executor as _, Type};

use super::Dialect;

/// One statement with what is bound to it.
pub(super) struct Statement {
    sql: Cow<'static, str>,
    arguments: AnyArguments,
}

impl Statement {
    /// Parameters are written `$1`, `$2` and so on, and `$` stands nowhere else in it.
    pub(super) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), arguments: AnyArguments::default() }
    }

    /// Binds the next parameter.
    pub(super) fn bind<'v>(mut self, value: impl Encode<'v, Any> + Type<Any>) -> Self {
        self.arguments.add(value).expect("texts and numbers can always be bound");
        self
    }
}

/// Some statements, in the order in which they are run.
#[derive(Default)]
pub(super) struct Statements(Vec<Statement>);

impl<const N: usize> From<[Statement; N]> for Statements {
    fn from(statements: [Statement; N]) -> Self {
        Self(Vec::from(statements))
    }
}

impl Extend<Statement> for Statements {
    fn extend<I: IntoIterator<Item = Statement>>(&mut self, statements: I) {
        self.0.extend(statements);
    }
}

impl IntoIterator for Statements {
    type Item = Statement;
    type IntoIter = std::vec::IntoIter<Statement>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Statements {
    pub(super) fn push(&mut self, statement: Statement) {
        self.0.push(statement);
    }

    /// The same after others.
    pub(super) fn after(self, mut before: Vec<Statement>) -> Self {
        before.extend(self.0);
        Self(before)
    }

    /// Runs them up to the first that fails.
    pub(super) async fn run(
        self,
        connection: &mut AnyConnection,
        dialect: Dialect,
    ) -> Result<Answers, sqlx::Error> {
        let (answers, failed) = self.run_as_far_as_possible(connection, dialect).await;
        failed.map_or(Ok(answers), Err)
    }

    /// Runs them up to the first that fails: the answers of those before it, and why it failed.
    pub(super) async fn run_as_far_as_possible(
        self,
        connection: &mut AnyConnection,
        dialect: Dialect,
    ) -> (Answers, Option<sqlx::Error>) {
        let mut answers = VecDeque::with_capacity(self.0.len());
        let failed = match dialect {
            Dialect::Sqlite => self.run_together(connection, &mut answers).await.err(),
            Dialect::Postgres => self.run_one_by_one(connection, &mut answers).await.err(),
        };
        (Answers(answers), failed)
    }

    /// SQLite takes several statements as one, and says where the rows of each end.
    async fn run_together(
        self,
        connection: &mut AnyConnection,
        answers: &mut VecDeque<Vec<AnyRow>>,
    ) -> Result<(), sqlx::Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let count = self.0.len();
        let (sql, arguments) = self.joined();
        let mut running = connection.fetch_many(sqlx::query_with(AssertSqlSafe(sql), arguments));
        let mut rows = Vec::new();
        while let Some(step) = running.try_next().await? {
            match step {
                Either::Right(row) => rows.push(row),
                Either::Left(_) => answers.push_back(std::mem::take(&mut rows)),
            }
        }
        // The thread that runs them may end before they do.
        if answers.len() < count { Err(sqlx::Error::WorkerCrashed) } else { Ok(()) }
    }

    async fn run_one_by_one(
        self,
        connection: &mut AnyConnection,
        answers: &mut VecDeque<Vec<AnyRow>>,
    ) -> Result<(), sqlx::Error> {
        for Statement { sql, arguments } in self.0 {
            let query = sqlx::query_with(AssertSqlSafe(sql.into_owned()), arguments);
            answers.push_back(connection.fetch_all(query).await?);
        }
        Ok(())
    }

    /// As one text, with the parameters numbered on from one statement to the next.
    fn joined(self) -> (String, AnyArguments) {
        let (mut joined, mut all) = (String::new(), AnyArguments::default());
        for Statement { sql, arguments } in self.0 {
            let before = all.len();
            if !joined.is_empty() {
                joined.push_str("; ");
            }
            let mut parts = sql.split('$');
            joined.push_str(parts.next().unwrap_or_default());
            for part in parts {
                let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                let (number, rest) = part.split_at(digits);
                let number: usize = number.parse().expect("`$` and a number");
                write!(joined, "${}{rest}", before + number).expect("a text can always be written to");
            }
            all.values.0.extend(arguments.values.0);
        }
        (joined, all)
    }
}

/// The rows of statements, in their order.
pub(super) struct Answers(VecDeque<Vec<AnyRow>>);

impl Answers {
    /// How many statements were answered and not looked at yet.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The rows of the next statement.
    pub(super) fn rows(&mut self) -> Vec<AnyRow> {
        self.0.pop_front().expect("as many answers as statements")
    }

    /// The first row of the next statement, if it has any.
    pub(super) fn optional(&mut self) -> Option<AnyRow> {
        self.rows().into_iter().next()
    }

    /// The first row of the next statement.
    pub(super) fn one(&mut self) -> Result<AnyRow, sqlx::Error> {
        self.optional().ok_or(sqlx::Error::RowNotFound)
    }

    /// Passes some by.
    pub(super) fn skip(&mut self, count: usize) {
        self.0.drain(..count);
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;
    use sqlx::any::AnyPoolOptions;

    use super::*;

    #[test]
    fn parameters_are_numbered_on() {
        let first = Statement::new("UPDATE a SET b = $2, c = $2 WHERE d = $1").bind(1_i64).bind("two");
        let second = Statement::new("INSERT INTO e VALUES ($1, $12)").bind(3_i64);
        let (sql, arguments) = Statements::from([first, Statement::new("COMMIT"), second]).joined();
        assert_eq!(sql, "UPDATE a SET b = $2, c = $2 WHERE d = $1; COMMIT; INSERT INTO e VALUES ($3, $14)");
        assert_eq!(arguments.len(), 3);
    }

    #[tokio::test]
    async fn each_statement_has_its_own_rows_up_to_the_first_that_fails() {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        let numbers = |sql: &'static str| Statement::new(sql).bind(7_i64).bind(8_i64);
        let statements = || {
            Statements::from([
                Statement::new("CREATE TABLE IF NOT EXISTS kept (number BIGINT PRIMARY KEY)"),
                numbers("INSERT INTO kept VALUES ($2), ($1) RETURNING number"),
                Statement::new("SELECT number FROM kept WHERE number > $1").bind(8_i64),
                Statement::new("SELECT number FROM kept WHERE number = $1").bind(8_i64),
            ])
        };
        let mut answers = statements().run(&mut connection, Dialect::Sqlite).await.unwrap();
        answers.skip(1);
        assert_eq!(answers.rows().len(), 2);
        assert!(answers.optional().is_none());
        assert_eq!(answers.one().unwrap().get::<i64, _>("number"), 8);
        let (answers, failed) = statements().run_as_far_as_possible(&mut connection, Dialect::Sqlite).await;
        assert_eq!(answers.len(), 1);
        let failed = failed.unwrap().into_database_error().unwrap();
        assert!(failed.is_unique_violation());
        // Those that follow one that failed are as good as ever.
        let answers = Statements::default().run(&mut connection, Dialect::Sqlite).await.unwrap();
        assert_eq!(answers.len(), 0);
        assert!(matches!(answers, Answers(rows) if rows.is_empty()));
    }
}
