//! Those who work in the console, and what their pages send.

use axum::body::Body;
use axum::http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shopdesk_server::{NewAgent, Role, SessionId, Skills};

use super::{Reply, TestApp};

/// Somebody who is logged in.
pub(crate) struct TestAgent {
    pub(crate) id: String,
    pub(crate) session: SessionId,
}

impl TestAgent {
    /// What says who it is, and that a page of ours sent it.
    fn headers(&self) -> [(&'static str, String); 2] {
        [
            ("cookie", format!("shopdesk_session={}", self.session.expose())),
            ("x-csrf-token", self.session.csrf_token()),
        ]
    }
}

impl TestApp {
    /// Logs in as an agent of that role and returns its cookie and token for changes.
    pub(crate) async fn agent(&self, login: &str, role: Role) -> TestAgent {
        let new = NewAgent {
            login: login.to_owned(),
            name: format!("Agent {login}"),
            role,
            skills: Skills::default(),
        };
        let agent = self.state.store.add_agent(new).await.unwrap().unwrap();
        let session = SessionId::generate();
        let hash = session.hash().to_string();
        let expires_at = Timestamp::now() + SignedDuration::from_hours(1);
        self.state.store.begin_session(agent.id, &hash, expires_at).await.unwrap();
        TestAgent { id: agent.id.to_string(), session }
    }

    pub(crate) async fn as_agent(
        &self,
        agent: &TestAgent,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::HOST, "localhost")
            .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()))
            .header("x-csrf-token", agent.session.csrf_token())
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form as htmx does from a page of the console, in English.
    pub(crate) async fn submit(&self, agent: &TestAgent, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.submit_with(&agent.headers(), path, fields).await
    }

    /// The same with these headers and no others that say who it is.
    pub(crate) async fn submit_with(
        &self,
        headers: &[(&str, String)],
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let english = (header::ACCEPT_LANGUAGE.as_str(), "en".to_owned());
        self.send_form(Method::POST, &[headers, &[english]].concat(), path, fields).await
    }

    async fn send_form(
        &self,
        method: Method,
        headers: &[(&str, String)],
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("hx-request", "true")
            .header(header::HOST, "localhost");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Fills in a form of the console, as its pages send it.
    pub(crate) async fn form(
        &self,
        agent: &TestAgent,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        self.send_form(method, &agent.headers(), path, fields).await
    }

    /// Asks for a page of the console, in English.
    pub(crate) async fn page(&self, agent: &TestAgent, path: &str) -> Reply {
        let request = Request::builder()
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, "en")
            .header(header::HOST, "localhost")
            .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}
