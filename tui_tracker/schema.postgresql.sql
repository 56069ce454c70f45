-- Made from models.py by `python -m tui_tracker.models`. Do not edit.

CREATE TABLE alias (
    id BIGSERIAL NOT NULL,
    scope TEXT DEFAULT '' NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    raw TEXT DEFAULT '' NOT NULL,
    canonical TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms BIGINT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    batch BIGINT NOT NULL,
    reverted_ms BIGINT,
    PRIMARY KEY (id)
);

CREATE TABLE amendment (
    id BIGSERIAL NOT NULL,
    run BIGINT NOT NULL,
    field TEXT DEFAULT '' NOT NULL,
    "old" TEXT,
    "new" TEXT,
    evidence TEXT DEFAULT '' NOT NULL,
    confidence TEXT DEFAULT '' NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    at_ms BIGINT NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    prev_hash BYTEA,
    hash BYTEA NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX amendment_by_run ON amendment (run, hash);

CREATE TABLE artifact (
    run BIGINT NOT NULL,
    path TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    kind TEXT DEFAULT '' NOT NULL,
    size BIGINT,
    sha256 BYTEA,
    copied BIGINT DEFAULT '0' NOT NULL,
    problem TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (run, path, at_ms)
);

CREATE TABLE audit (
    run BIGINT NOT NULL,
    profile TEXT NOT NULL,
    ruleset TEXT DEFAULT '' NOT NULL,
    state TEXT DEFAULT '' NOT NULL,
    score BIGINT DEFAULT '0' NOT NULL,
    grade TEXT DEFAULT '' NOT NULL,
    errors BIGINT DEFAULT '0' NOT NULL,
    warnings BIGINT DEFAULT '0' NOT NULL,
    rules TEXT DEFAULT '' NOT NULL,
    findings BYTEA NOT NULL,
    PRIMARY KEY (run, profile)
);

CREATE TABLE block (
    id BIGSERIAL NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE console_block (
    run BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    first_line BIGINT NOT NULL,
    n BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (run, seq)
);

CREATE TABLE content (
    digest BYTEA NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (digest)
);

CREATE TABLE decision (
    id BIGSERIAL NOT NULL,
    experiment TEXT DEFAULT '' NOT NULL,
    rule TEXT DEFAULT '' NOT NULL,
    winner TEXT,
    at_ms BIGINT NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    members BYTEA,
    digest BYTEA,
    PRIMARY KEY (id)
);

CREATE INDEX decision_by_experiment ON decision (experiment);

CREATE TABLE edit (
    id BIGSERIAL NOT NULL,
    batch BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    run BIGINT NOT NULL,
    what TEXT DEFAULT '' NOT NULL,
    "old" TEXT,
    "new" TEXT,
    undone_ms BIGINT,
    PRIMARY KEY (id)
);

CREATE INDEX edit_by_run ON edit (run);

CREATE TABLE experiment (
    id BIGSERIAL NOT NULL,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE fact (
    body BIGINT NOT NULL,
    key BIGINT NOT NULL,
    text TEXT NOT NULL,
    number DOUBLE PRECISION,
    PRIMARY KEY (body, key, text)
);

CREATE INDEX fact_by_number ON fact (key, number);

CREATE INDEX fact_by_text ON fact (key, text);

CREATE TABLE fact_body (
    id BIGSERIAL NOT NULL,
    part TEXT DEFAULT '' NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX fact_body_by_hash ON fact_body (part, hash);

CREATE TABLE journal (
    name TEXT NOT NULL,
    run BIGINT NOT NULL,
    writer TEXT DEFAULT '' NOT NULL,
    attempt BIGINT NOT NULL,
    drained BIGINT NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    keysets BYTEA NOT NULL,
    damage TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (name)
);

CREATE INDEX journal_by_run ON journal (run);

CREATE TABLE key (
    id BIGSERIAL NOT NULL,
    kind BIGINT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    context TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE UNIQUE INDEX key_by_name ON key (name, kind, context);

CREATE TABLE lineage (
    run BIGINT NOT NULL,
    part TEXT NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    took_ms BIGINT,
    digest BYTEA,
    PRIMARY KEY (run, part)
);

CREATE TABLE metric (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    count BIGINT NOT NULL,
    first_step BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    first DOUBLE PRECISION,
    last DOUBLE PRECISION,
    min DOUBLE PRECISION,
    max DOUBLE PRECISION,
    mean DOUBLE PRECISION,
    m2 DOUBLE PRECISION,
    min_step BIGINT,
    max_step BIGINT,
    nan BIGINT NOT NULL,
    inf BIGINT NOT NULL,
    PRIMARY KEY (run, key)
);

CREATE INDEX metric_by_last ON metric (key, last);

CREATE INDEX metric_by_max ON metric (key, max);

CREATE INDEX metric_by_min ON metric (key, min);

CREATE TABLE note (
    id BIGSERIAL NOT NULL,
    run BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    author TEXT DEFAULT '' NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX note_by_run ON note (run);

CREATE TABLE param (
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    type TEXT DEFAULT '' NOT NULL,
    number DOUBLE PRECISION,
    text TEXT,
    digest BYTEA,
    PRIMARY KEY (run, key)
);

CREATE INDEX param_by_number ON param (key, number);

CREATE INDEX param_by_text ON param (key, text);

CREATE TABLE param_change (
    id BIGSERIAL NOT NULL,
    run BIGINT NOT NULL,
    key BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    value TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX param_change_by_run ON param_change (run, key);

CREATE TABLE reproduction (
    id BIGSERIAL NOT NULL,
    "of" UUID NOT NULL,
    run UUID,
    at_ms BIGINT NOT NULL,
    mode TEXT DEFAULT '' NOT NULL,
    verdict TEXT DEFAULT '' NOT NULL,
    level TEXT DEFAULT '' NOT NULL,
    machine TEXT DEFAULT '' NOT NULL,
    digest BYTEA,
    PRIMARY KEY (id)
);

CREATE INDEX reproduction_by_of ON reproduction ("of");

CREATE INDEX reproduction_by_run ON reproduction (run);

CREATE TABLE run (
    id BIGSERIAL NOT NULL,
    uuid UUID NOT NULL,
    experiment BIGINT NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    status TEXT DEFAULT '' NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    parent UUID,
    params_digest BYTEA,
    host TEXT DEFAULT '' NOT NULL,
    "user" TEXT DEFAULT '' NOT NULL,
    pid BIGINT,
    ended_by TEXT DEFAULT '' NOT NULL,
    source TEXT,
    points BIGINT DEFAULT '0' NOT NULL,
    console_lines BIGINT DEFAULT '0' NOT NULL,
    lost BIGINT DEFAULT '0' NOT NULL,
    lost_why TEXT DEFAULT '' NOT NULL,
    archived_ms BIGINT,
    deleted_ms BIGINT,
    PRIMARY KEY (id),
    UNIQUE (uuid)
);

CREATE INDEX run_by_experiment ON run (experiment, status, deleted_ms, archived_ms, started_ms);

CREATE INDEX run_by_name ON run (name);

CREATE INDEX run_by_start ON run (started_ms, deleted_ms, archived_ms);

CREATE INDEX run_running ON run (id) WHERE status = 'running';

CREATE INDEX run_shown ON run (started_ms) WHERE deleted_ms IS NULL AND archived_ms IS NULL;

CREATE TABLE run_body (
    run BIGINT NOT NULL,
    body BIGINT NOT NULL,
    PRIMARY KEY (run, body)
);

CREATE INDEX run_body_by_body ON run_body (body, run);

CREATE TABLE series_block (
    run BIGINT NOT NULL,
    metric BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    n BIGINT NOT NULL,
    low_step BIGINT NOT NULL,
    high_step BIGINT NOT NULL,
    low_ms BIGINT NOT NULL,
    high_ms BIGINT NOT NULL,
    min DOUBLE PRECISION,
    max DOUBLE PRECISION,
    sum DOUBLE PRECISION,
    data BIGINT NOT NULL,
    PRIMARY KEY (run, metric, seq)
);

CREATE TABLE tag (
    run BIGINT NOT NULL,
    tag TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (run, tag)
);

CREATE INDEX tag_by_text ON tag (tag);
