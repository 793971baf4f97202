//! `shopdesk bench search`: what a search of the embedded index costs, by how many passages there are.
//!
//! The passages are made up: vectors around common centres, as those of an encoder are, and words as frequent as words are (Zipf). Five
//! passages make an article. The reference in the same run is the plainest search there is: the product with every vector in full.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use shopdesk_kb::{
    Article, EmbeddedIndex, Entry, Filter, Language, Library, Part, Passage, Query, Ranking, Terms,
};

use crate::output;

/// Passages of one article.
const PER_ARTICLE: usize = 5;
/// What the vectors lie around.
const CENTRES: usize = 64;
/// Different words, and how many a passage and a message have.
const WORDS: usize = 20_000;
const PASSAGE_WORDS: usize = 40;
const MESSAGE_WORDS: usize = 8;
const NOON: DateTime = DateTime::constant(2026, 11, 22, 12, 0, 0, 0);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many passages; several times for several sizes.
    #[arg(long, default_values_t = [1_000, 10_000, 100_000])]
    passages: Vec<usize>,
    /// How many searches are timed.
    #[arg(long, default_value_t = 300)]
    searches: usize,
    /// Numbers in a vector.
    #[arg(long, default_value_t = 384)]
    dimension: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    output::line("One thread searches; times in ms, memory in MB.")?;
    output::line(
        "passages  search p50    p99  plain scan p50  ratio  update p50  search p99 meanwhile  start  memory",
    )?;
    for &passages in &arguments.passages {
        let figures = measure(arguments, passages)?;
        output::line(format_args!(
            "{passages:>8}  {:>10.2}  {:>5.2}  {:>14.2}  {:>4.1}x  {:>10.2}  {:>20.2}  {:>5.0}  {:>6.0}",
            figures.search.0,
            figures.search.1,
            figures.scan,
            figures.scan / figures.search.0,
            figures.update,
            figures.search_meanwhile,
            figures.start,
            figures.memory
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Figures {
    /// Median and 99th percentile.
    search: (f64, f64),
    scan: f64,
    update: f64,
    search_meanwhile: f64,
    start: f64,
    memory: f64,
}

fn measure(arguments: &Arguments, passages: usize) -> anyhow::Result<Figures> {
    let mut made_up = MadeUp::new(arguments.dimension);
    let before = resident();
    let library = Arc::new(Library::new(Box::new(EmbeddedIndex::new(arguments.dimension))));
    let articles: Vec<Arc<Article>> =
        (0..passages.div_ceil(PER_ARTICLE)).map(|number| article(number, 0)).collect::<Result<_, _>>()?;
    let counted: Vec<(Arc<Article>, usize)> =
        articles.iter().map(|article| (Arc::clone(article), PER_ARTICLE)).collect();
    let mut spent_on_making_up = Duration::ZERO;
    let start = Instant::now();
    library.switch(&counted, |article| {
        let begun = Instant::now();
        let entries = made_up.entries(article);
        spent_on_making_up += begun.elapsed();
        Ok::<_, shopdesk_kb::Error>(entries)
    })?;
    let start = (start.elapsed() - spent_on_making_up).as_secs_f64() * 1e3;
    let memory = resident().saturating_sub(before) as f64 / 1e6;

    let messages: Vec<(Vec<f32>, Terms)> = (0..arguments.searches).map(|_| made_up.message()).collect();
    let filter = Filter::new(vec![Language::new("en")], NOON);
    let search = |(vector, terms): &(Vec<f32>, Terms)| -> anyhow::Result<f64> {
        let begun = Instant::now();
        library.search(&Query { vector, terms }, &filter, Ranking::Fused, 20)?;
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    };
    let quiet = messages.iter().map(search).collect::<Result<Vec<f64>, _>>()?;

    // One article is edited again and again while messages are looked up.
    let done = AtomicBool::new(false);
    let (meanwhile, updates) = std::thread::scope(|scope| -> anyhow::Result<_> {
        let index = library.index();
        let done = &done;
        let editing = scope.spawn(move || -> anyhow::Result<Vec<f64>> {
            let mut made_up = MadeUp::new(arguments.dimension);
            let mut updates = Vec::new();
            let mut old = article(0, 0)?;
            for edit in 1.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                let new = article(0, edit)?;
                let entries = made_up.entries(&new);
                let begun = Instant::now();
                index.put(entries)?;
                index.remove(&[shopdesk_kb::ArticleKey::of(&old)])?;
                updates.push(begun.elapsed().as_secs_f64() * 1e3);
                old = new;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(updates)
        });
        let meanwhile = messages.iter().map(search).collect::<Result<Vec<f64>, _>>();
        done.store(true, Ordering::Relaxed);
        let updates = editing.join().expect("the editor does not panic")?;
        Ok((meanwhile?, updates))
    })?;

    let plain: Vec<f32> = made_up.vectors(passages).concat();
    let scans: Vec<f64> = messages
        .iter()
        .take(50)
        .map(|(vector, _)| {
            let begun = Instant::now();
            let best = plain
                .chunks_exact(arguments.dimension)
                .map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>())
                .fold(f32::MIN, f32::max);
            std::hint::black_box(best);
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    Ok(Figures {
        search: (percentile(&quiet, 0.5), percentile(&quiet, 0.99)),
        scan: percentile(&scans, 0.5),
        update: percentile(&updates, 0.5),
        search_meanwhile: percentile(&meanwhile, 0.99),
        start,
        memory,
    })
}

fn percentile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
        .get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Resident memory in bytes, where the system tells.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) * 1024
}

fn article(number: usize, edit: usize) -> anyhow::Result<Arc<Article>> {
    let text = format!(
        "---\nid: article-{number}\ntitle: Made up {number}\nlanguage: en\nintents: [some]\nquestions: []\nanswer: |\n  {}\n---\n{}\n",
        "An answer of usual length. ".repeat(6),
        format!("Text of edit {edit}. ").repeat(40)
    );
    let article = Article::parse(&PathBuf::from(format!("article-{number}.md")), &text);
    article.map(Arc::new).map_err(|mistakes| anyhow::anyhow!("{mistakes:?}"))
}

/// Vectors and words out of thin air, the same in every run.
struct MadeUp {
    random: fastrand::Rng,
    centres: Vec<Vec<f32>>,
    dimension: usize,
}

impl MadeUp {
    fn new(dimension: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(1);
        let centres = (0..CENTRES).map(|_| (0..dimension).map(|_| random.f32() - 0.5).collect()).collect();
        Self { random, centres, dimension }
    }

    fn vector(&mut self) -> Vec<f32> {
        let centre = self.random.usize(..CENTRES);
        let vector: Vec<f32> =
            (0..self.dimension).map(|at| self.centres[centre][at] + self.random.f32() - 0.5).collect();
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        vector.into_iter().map(|number| number / length).collect()
    }

    fn vectors(&mut self, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| self.vector()).collect()
    }

    /// The first words are the most frequent.
    fn words(&mut self, count: usize) -> String {
        let word = |random: &mut fastrand::Rng| (WORDS as f64).powf(random.f64()) as usize;
        (0..count).map(|_| format!("w{} ", word(&mut self.random))).collect()
    }

    fn entries(&mut self, article: &Arc<Article>) -> Vec<Entry> {
        let entry = |number: usize, made_up: &mut Self| Entry {
            passage: Passage {
                article: Arc::clone(article),
                number: number as u32,
                part: Part::Body,
                text: String::new(),
            },
            vector: made_up.vector(),
            terms: Terms::of_passage(&made_up.words(PASSAGE_WORDS)),
        };
        (0..PER_ARTICLE).map(|number| entry(number, self)).collect()
    }

    fn message(&mut self) -> (Vec<f32>, Terms) {
        let vector = self.vector();
        (vector, Terms::of_query(&self.words(MESSAGE_WORDS)))
    }
}
