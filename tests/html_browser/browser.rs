//! A headless Chromium and one page in it, driven over the DevTools protocol.

use std::io::{self, BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// Longer than any call takes on a busy machine, the one that drives the whole page included.
const PATIENCE: Duration = Duration::from_secs(900);

/// The browser that `MAPSCOPE_CHROMIUM` names, or the first known one on the PATH.
pub fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MAPSCOPE_CHROMIUM") {
        return Some(named.into());
    }
    const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// A page in a browser of its own.
pub struct Page {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    calls: u64,
    /// What the page asked for from anywhere, its own file included.
    pub requests: Vec<String>,
    /// Errors and warnings, of the page and of the browser about it.
    pub complaints: Vec<String>,
    saved: u32,
    folder: TempDir,
}

impl Page {
    pub fn new(browser: &Path) -> Page {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(browser)
            // The page is ours, and containers have no sandbox.
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            // A smooth scroll that is under way goes on over one that is told to be instant.
            .args(["--force-prefers-reduced-motion", "--remote-debugging-port=0"])
            .args(["--no-first-run", "--disable-background-networking", "--window-size=1280,900"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines.find_map(|line| Some(line.ok()?.strip_prefix("DevTools listening on ")?.to_owned()));
        // What else it says must go somewhere.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) = tungstenite::connect(address.expect("the browser says where it listens")).expect("connected");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        }
        let (requests, complaints) = (Vec::new(), Vec::new());
        let mut page = Page { child, socket, session: None, calls: 0, requests, complaints, saved: 0, folder };
        let target = page.call("Target.createTarget", json!({ "url": "about:blank" }));
        let session = page.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        page.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page
    }

    /// Where what the page saves is left, from now on.
    pub fn downloads(&mut self) -> PathBuf {
        let folder = self.folder.path().join("downloads");
        let params = json!({ "behavior": "allow", "downloadPath": folder, "eventsEnabled": true });
        self.call("Browser.setDownloadBehavior", params);
        folder
    }

    /// Waits until one more file is saved whole: under its name it lies, empty, before.
    pub fn until_saved(&mut self) {
        while self.saved == 0 {
            self.event("a file saved");
        }
        self.saved -= 1;
    }

    /// One call of the protocol; gives its result.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        let mut sent = self.socket.send(Message::text(call.to_string()));
        while sent.as_ref().is_err_and(is_interrupted) {
            sent = self.socket.flush();
        }
        sent.expect("sent");
        loop {
            let value = self.event(method);
            if value["id"] == json!(self.calls) {
                assert!(value["error"].is_null(), "{method}: {}", value["error"]);
                return value["result"].clone();
            }
        }
    }

    /// What the browser sends next, noted.
    fn event(&mut self, awaited: &str) -> Value {
        loop {
            let message = match self.socket.read() {
                Err(error) if is_interrupted(&error) => continue,
                read => read.unwrap_or_else(|error| panic!("{awaited}: {error}")),
            };
            let Ok(text) = message.to_text() else { continue };
            let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
            self.note(&value["method"], &value["params"]);
            return value;
        }
    }

    fn note(&mut self, event: &Value, params: &Value) {
        match event.as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                self.requests.push(params["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            "Runtime.exceptionThrown" => self.complaints.push(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if matches!(params["type"].as_str(), Some("error" | "warning")) => {
                self.complaints.push(params["args"].to_string());
            }
            "Browser.downloadProgress" if params["state"] == "completed" => self.saved += 1,
            "Log.entryAdded" => self.complaints.push(params["entry"].to_string()),
            _ => {}
        }
    }

    /// Opens a file, and waits until its scripts say that it is ready; gives after how many milliseconds.
    pub fn open(&mut self, file: &Path) -> f64 {
        self.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        let ready = "new Promise((resolve, reject) => {
            const look = () => {
                const { ready } = document.documentElement.dataset;
                if (ready && location.protocol === 'file:') resolve(Number(ready));
                else if (performance.now() > 90000) reject(new Error('the page is not ready: ' + document.body.innerText.slice(0, 300)));
                else setTimeout(look, 20);
            };
            look();
        })";
        // The page that was there before may still answer, and go.
        let mut tries = 0;
        loop {
            let answer = self.try_evaluate(ready);
            match answer["result"]["value"].as_f64() {
                Some(ms) => return ms,
                None if tries < 3 => tries += 1,
                None => panic!("{answer}"),
            }
        }
    }

    fn try_evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        self.call("Runtime.evaluate", params)
    }

    /// What a script in the page gives.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.try_evaluate(expression);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Waits until a condition of the page holds; `until` is drive.js's.
    pub fn until(&mut self, what: &str, holds: &str) {
        assert_eq!(self.evaluate(&format!("until({what:?}, () => {holds})")), json!(true), "{what}");
    }

    /// A key, as the keyboard sends it.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "ArrowUp" => (38, ""),
            "ArrowDown" => (40, ""),
            "ArrowRight" => (39, ""),
            other => panic!("no key {other}"),
        };
        let event =
            |kind: &str| json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        self.call("Input.dispatchKeyEvent", event("keyDown"));
        self.call("Input.dispatchKeyEvent", event("keyUp"));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a signal to this process came in between: other tests have some sent. Nothing is lost by going on.
fn is_interrupted(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(error) if error.kind() == io::ErrorKind::Interrupted)
}
