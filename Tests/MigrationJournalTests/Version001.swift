// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A journal as step 001 of the schema made it, written out as SQL, with one
/// run and one transfer. Never to be edited: later steps are tested against it.
enum Version001 {
    static let sql = """
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('001 runs, transfers, plan');
        CREATE TABLE run (
            id INTEGER PRIMARY KEY, pipeline_name TEXT NOT NULL, pipeline_file TEXT NOT NULL,
            pipeline_text TEXT NOT NULL, started_at INTEGER NOT NULL, planned_at INTEGER,
            ended_at INTEGER, outcome TEXT
        ) STRICT;
        CREATE TABLE transfer (
            id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run (id),
            target_key TEXT NOT NULL, source_key TEXT NOT NULL, version_id TEXT NOT NULL,
            position INTEGER NOT NULL, state TEXT NOT NULL, due_at INTEGER, size_bytes INTEGER,
            error_code TEXT, started_at INTEGER, updated_at INTEGER NOT NULL, body TEXT NOT NULL,
            UNIQUE (target_key, version_id)
        ) STRICT;
        CREATE INDEX transfer_by_work ON transfer (run_id, state, position);
        CREATE INDEX transfer_by_source ON transfer (target_key, source_key);
        CREATE TABLE dependency (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id) ON DELETE CASCADE,
            source_key TEXT NOT NULL, PRIMARY KEY (transfer_id, source_key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY,
            transfer_id INTEGER NOT NULL REFERENCES transfer (id) ON DELETE CASCADE,
            run_id INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        CREATE INDEX attempt_by_transfer ON attempt (transfer_id);
        CREATE TABLE target_image (
            target_key TEXT NOT NULL, id TEXT NOT NULL, name TEXT, version_id TEXT,
            body TEXT NOT NULL, PRIMARY KEY (target_key, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX target_image_by_name ON target_image (target_key, name);
        CREATE INDEX target_image_by_version ON target_image (target_key, version_id);
        CREATE TABLE plan_item (
            position INTEGER PRIMARY KEY, target_key TEXT NOT NULL, source_key TEXT NOT NULL,
            version_id TEXT NOT NULL, first_image_id TEXT NOT NULL, name TEXT,
            size_bytes INTEGER, action TEXT, body TEXT NOT NULL, UNIQUE (target_key, source_key)
        ) STRICT;
        INSERT INTO run VALUES
            (1, 'leave-alpha', 'p.yaml', 'version: 1', 1795233600000, 1795233601000, NULL, NULL);
        INSERT INTO transfer VALUES
            (7, 1, 'beta', 'image:s1', 'version-s1', 1, 'failed', NULL, 10, 'timed-out',
            1795233602000, 1795233603000, '\(transfer)');
        INSERT INTO dependency VALUES (7, 'image:k');
        INSERT INTO attempt VALUES
            (1, 7, 1, 1795233603000, 'sending', 'timed-out', 'slow');
        """

    private static let transfer = """
        {"attempts":0,
        "computed":["sha1:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"],
        "failure":{"code":"timed-out","hint":"wait","isTransient":true,"message":"slow"},
        "generation":0,"id":0,"imageID":"target-1","members":[],"method":"glance-direct",
        "origin":{"lineageID":"lineage-s1","versionID":"version-s1"},
        "promise":"md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "record":{"containerFormat":"bare","diskFormat":"raw","isHidden":false,
        "isProtected":false,"members":{"map":{"_0":{"p1":"q1"}}},"minDiskGiB":0,"minRAMMiB":0,
        "name":"sample","properties":{"os_distro":"debian"},
        "references":{"kernel_id":"image:k"},"tags":[],"visibility":"shared"},
        "reported":[],"sizeBytes":10,
        "source":{"checksums":["md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
        "containerFormat":"bare","diskFormat":"raw",
        "fingerprint":"md5:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","isHidden":false,
        "isProtected":false,"key":"image:s1","lineage":"image:s1",
        "location":{"cloud":{"imageID":"s1"}},"minDiskGiB":0,"minRAMMiB":0,
        "name":"name of s1","ownerID":"project-1","properties":{},"sizeBytes":10,
        "sourceIndex":0,"status":"active","tags":[],"visibility":"private"},
        "state":"failed","targetKey":"beta"}
        """
}
