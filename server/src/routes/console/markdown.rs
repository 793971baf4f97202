//! Markdown as HTML that is safe in a page: tags in it are shown as text, links lead to the web or to a mailbox, and pictures are their words.

use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use url::Url;

/// Where links may lead.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// The HTML of a text in Markdown.
pub(super) fn to_html(markdown: &str) -> String {
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    // Whether each of the links that are open was let through.
    let mut links = Vec::new();
    let events = parser.filter_map(|event| safe(event, &mut links));
    let mut written = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut written, events);
    written
}

fn safe<'text>(event: Event<'text>, links: &mut Vec<bool>) -> Option<Event<'text>> {
    match event {
        // What the writer took for HTML is shown as it was written.
        Event::Html(tag) | Event::InlineHtml(tag) => Some(Event::Text(tag)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Link { dest_url, .. }) => {
            let link = link(&dest_url);
            links.push(link.is_some());
            link.map(|tag| Event::InlineHtml(CowStr::from(tag)))
        }
        Event::End(TagEnd::Link) => {
            links.pop().unwrap_or(false).then_some(Event::InlineHtml(CowStr::Borrowed("</a>")))
        }
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        Event::Start(Tag::Heading { level, .. }) => {
            let (level, id, classes, attrs) = (below(level), None, Vec::new(), Vec::new());
            Some(Event::Start(Tag::Heading { level, id, classes, attrs }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below(level)))),
        // An alignment would be a style attribute, which pages may not have.
        Event::Start(Tag::Table(columns)) => {
            Some(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])))
        }
        other => Some(other),
    }
}

/// The tag of a link, if it may lead there.
fn link(to: &str) -> Option<String> {
    let url = Url::parse(to.trim()).ok().filter(|url| SCHEMES.contains(&url.scheme()))?;
    Some(format!(r#"<a href="{}" rel="noopener nofollow" target="_blank">"#, escaped(url.as_str())))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' => escaped.push_str(&format!("&#{};", u32::from(character))),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Headings stand below those of the page around them.
fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn what_articles_are_written_with_is_rendered() {
        let html = to_html(
            "# 退货\n\n**七天**内，[看这里](https://shop.example.com/a?b=1&c=2)。\n\n- 一\n- 二\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n",
        );
        assert!(html.contains("<h3>退货</h3>"), "{html}");
        assert!(html.contains("<strong>七天</strong>"), "{html}");
        assert!(
            html.contains(r#"<a href="https://shop.example.com/a?b=1&#38;c=2" rel="noopener nofollow" target="_blank">看这里</a>"#),
            "{html}"
        );
        assert!(html.contains("<li>一</li>") && html.contains("<td>1</td>"), "{html}");
    }

    #[test]
    fn tags_are_text() {
        for written in [
            "<script>alert(1)</script>",
            "see <img src=x onerror=alert(1)>",
            "<div onclick='x'>\n\nhi\n\n</div>",
            "</textarea></p></section>",
            "<!-- c --><style>*{}</style>",
            "```html\n<script>x</script>\n```",
            "`<b>`",
            "<a href=\"javascript:alert(1)\">x</a>",
        ] {
            let html = to_html(written);
            let kept: Vec<&str> = html.split('<').skip(1).collect();
            for tag in kept {
                let name: String =
                    tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(["p", "pre", "code"].contains(&name.as_str()), "`{name}` in {html}");
            }
        }
    }

    #[test]
    fn links_lead_to_the_web_or_to_a_mailbox_and_nowhere_else() {
        for (written, is_link) in [
            ("[x](https://example.com)", true),
            ("[x](http://example.com)", true),
            ("[x](mailto:help@example.com)", true),
            ("<https://example.com>", true),
            ("[x](javascript:alert(1))", false),
            ("[x](JaVaScRiPt:alert(1))", false),
            ("[x](\u{1}javascript:alert(1))", false),
            ("[x](java&#10;script:alert(1))", false),
            ("[x](data:text/html,hi)", false),
            ("[x](vbscript:x)", false),
            ("[x](/console/logout)", false),
            ("[x](//example.com)", false),
            ("[x][r]\n\n[r]: javascript:alert(1)", false),
        ] {
            let html = to_html(written);
            assert_eq!(html.contains("<a "), is_link, "{written}: {html}");
            assert_eq!(html.contains("</a>"), is_link, "{written}: {html}");
            assert!(!html.to_lowercase().contains("href=\"javascript"), "{html}");
        }
    }

    #[test]
    fn an_address_does_not_end_its_attribute() {
        let html = to_html("[x](<https://example.com/\"onmouseover=\"alert(1)>)");
        assert_eq!(html.matches('"').count(), 6, "{html}");
    }

    #[test]
    fn pictures_are_their_words() {
        let html = to_html("![a parcel](https://example.com/x.png)");
        assert_eq!(html, "<p>a parcel</p>\n");
    }
}
