-- Made from models.py by `python -m tui_tracker.models`. Do not edit.

CREATE TABLE alias (
    id INTEGER NOT NULL,
    scope TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    raw TEXT DEFAULT '' NOT NULL,
    canonical TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    batch INTEGER NOT NULL,
    reverted_ms INTEGER,
    PRIMARY KEY (id)
);

CREATE TABLE amendment (
    id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    field TEXT DEFAULT '' NOT NULL,
    old TEXT,
    new TEXT,
    evidence TEXT DEFAULT '' NOT NULL,
    confidence TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    prev_hash BLOB,
    hash BLOB NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX amendment_by_run ON amendment (run, hash);

CREATE TABLE artifact (
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    size INTEGER,
    sha256 BLOB,
    copied INTEGER DEFAULT '0' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (run, path, at_ms)
)
 WITHOUT ROWID;

CREATE TABLE audit (
    run INTEGER NOT NULL,
    profile TEXT NOT NULL,
    ruleset TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    score INTEGER DEFAULT '0' NOT NULL,
    grade TEXT DEFAULT '' NOT NULL,
    errors INTEGER DEFAULT '0' NOT NULL,
    warnings INTEGER DEFAULT '0' NOT NULL,
    rules TEXT DEFAULT '' NOT NULL,
    findings BLOB NOT NULL,
    PRIMARY KEY (run, profile)
);

CREATE TABLE block (
    id INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE console_block (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE content (
    digest BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (digest)
);

CREATE TABLE decision (
    id INTEGER NOT NULL,
    experiment TEXT DEFAULT '' NOT NULL,
    rule TEXT DEFAULT '' NOT NULL,
    winner TEXT,
    at_ms INTEGER NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    members BLOB,
    digest BLOB,
    PRIMARY KEY (id)
);

CREATE INDEX decision_by_experiment ON decision (experiment);

CREATE TABLE edit (
    id INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    run INTEGER NOT NULL,
    what TEXT DEFAULT '' NOT NULL,
    old TEXT,
    new TEXT,
    undone_ms INTEGER,
    PRIMARY KEY (id)
);

CREATE INDEX edit_by_run ON edit (run);

CREATE TABLE experiment (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE fact (
    body INTEGER NOT NULL,
    "key" INTEGER NOT NULL,
    text TEXT NOT NULL,
    number DOUBLE,
    PRIMARY KEY (body, "key", text)
)
 WITHOUT ROWID;

CREATE INDEX fact_by_number ON fact ("key", number) WHERE number IS NOT NULL;

CREATE INDEX fact_by_text ON fact ("key", text);

CREATE TABLE fact_body (
    id INTEGER NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX fact_body_by_hash ON fact_body (part, hash);

CREATE TABLE journal (
    name TEXT NOT NULL,
    run INTEGER NOT NULL,
    writer TEXT DEFAULT '' NOT NULL,
    attempt INTEGER NOT NULL,
    drained INTEGER NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    keysets BLOB NOT NULL,
    damage TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID;

CREATE INDEX journal_by_run ON journal (run);

CREATE TABLE "key" (
    id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    context TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX key_by_name ON "key" (name, kind, context);

CREATE TABLE lineage (
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    took_ms INTEGER,
    digest BLOB,
    PRIMARY KEY (run, part)
)
 WITHOUT ROWID;

CREATE TABLE metric (
    run INTEGER NOT NULL,
    "key" INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    first DOUBLE,
    last DOUBLE,
    min DOUBLE,
    max DOUBLE,
    mean DOUBLE,
    m2 DOUBLE,
    min_step INTEGER,
    max_step INTEGER,
    nan INTEGER NOT NULL,
    inf INTEGER NOT NULL,
    PRIMARY KEY (run, "key")
)
 WITHOUT ROWID;

CREATE INDEX metric_by_last ON metric ("key", last);

CREATE INDEX metric_by_max ON metric ("key", max);

CREATE INDEX metric_by_min ON metric ("key", min);

CREATE TABLE note (
    id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    author TEXT DEFAULT '' NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX note_by_run ON note (run);

CREATE TABLE param (
    run INTEGER NOT NULL,
    "key" INTEGER NOT NULL,
    type TEXT DEFAULT '' NOT NULL,
    number DOUBLE,
    text TEXT,
    digest BLOB,
    PRIMARY KEY (run, "key")
)
 WITHOUT ROWID;

CREATE INDEX param_by_number ON param ("key", number);

CREATE INDEX param_by_text ON param ("key", text);

CREATE TABLE param_change (
    id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    "key" INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    value TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX param_change_by_run ON param_change (run, "key");

CREATE TABLE reproduction (
    id INTEGER NOT NULL,
    "of" BLOB NOT NULL,
    run BLOB,
    at_ms INTEGER NOT NULL,
    mode TEXT DEFAULT '' NOT NULL,
    verdict TEXT DEFAULT '' NOT NULL,
    level TEXT DEFAULT '' NOT NULL,
    machine TEXT DEFAULT '' NOT NULL,
    digest BLOB,
    PRIMARY KEY (id)
);

CREATE INDEX reproduction_by_of ON reproduction ("of");

CREATE INDEX reproduction_by_run ON reproduction (run);

CREATE TABLE run (
    id INTEGER NOT NULL,
    uuid BLOB NOT NULL,
    experiment INTEGER NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    parent BLOB,
    params_digest BLOB,
    host TEXT DEFAULT '' NOT NULL,
    user TEXT DEFAULT '' NOT NULL,
    pid INTEGER,
    ended_by TEXT DEFAULT '' NOT NULL,
    source TEXT,
    points INTEGER DEFAULT '0' NOT NULL,
    console_lines INTEGER DEFAULT '0' NOT NULL,
    lost INTEGER DEFAULT '0' NOT NULL,
    lost_why TEXT DEFAULT '' NOT NULL,
    archived_ms INTEGER,
    deleted_ms INTEGER,
    PRIMARY KEY (id),
    UNIQUE (uuid)
);

CREATE INDEX run_by_experiment ON run (experiment, status, deleted_ms, archived_ms, started_ms);

CREATE INDEX run_by_name ON run (name);

CREATE INDEX run_by_start ON run (started_ms, deleted_ms, archived_ms);

CREATE INDEX run_running ON run (id) WHERE status = 'running';

CREATE INDEX run_shown ON run (started_ms) WHERE deleted_ms IS NULL AND archived_ms IS NULL;

CREATE TABLE run_body (
    run INTEGER NOT NULL,
    body INTEGER NOT NULL,
    PRIMARY KEY (run, body)
)
 WITHOUT ROWID;

CREATE INDEX run_body_by_body ON run_body (body, run);

CREATE TABLE series_block (
    run INTEGER NOT NULL,
    metric INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    low_step INTEGER NOT NULL,
    high_step INTEGER NOT NULL,
    low_ms INTEGER NOT NULL,
    high_ms INTEGER NOT NULL,
    min DOUBLE,
    max DOUBLE,
    sum DOUBLE,
    data INTEGER NOT NULL,
    PRIMARY KEY (run, metric, seq)
)
 WITHOUT ROWID;

CREATE TABLE tag (
    run INTEGER NOT NULL,
    tag TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (run, tag)
)
 WITHOUT ROWID;

CREATE INDEX tag_by_text ON tag (tag);
