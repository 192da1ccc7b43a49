// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The database's shape, as numbered steps. A step that was released is never
/// edited; what comes later is a new step.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("001 runs, transfers, plan") { try $0.execute(sql: step001) }
        migrator.registerMigration("002 methods and stores") { try $0.execute(sql: step002) }
        migrator.registerMigration("003 spool") { try $0.execute(sql: step003) }
        migrator.registerMigration("005 outages") { try $0.execute(sql: step005) }
        migrator.registerMigration("006 who fills a record") { try $0.execute(sql: step006) }
        return migrator
    }

    /// Written into the file's header, so that `file(1)` and we can tell a
    /// journal from any other SQLite file: "TRSH".
    static let applicationID = 0x5452_5348

    /// Files that several transfers may share: they have rows of their own.
    private static let step003 = """
        CREATE TABLE spool (
            source_key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            path TEXT NOT NULL,
            offset_bytes INTEGER NOT NULL,
            is_complete INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (source_key, fingerprint)
        ) STRICT, WITHOUT ROWID;
        """

    /// Before, every record that was named counted as filled by its journal.
    private static let step006 = """
        UPDATE transfer SET body = json_set(body, '$.isFilledByUs', json('true'))
        WHERE state NOT IN ('planned', 'reading', 'read', 'registered', 'skipped');
        """

    /// When endpoints did not answer.
    private static let step005 = """
        CREATE TABLE outage (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            endpoint TEXT NOT NULL,
            began_at INTEGER NOT NULL,
            ended_at INTEGER,
            code TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        """

    /// One store became several, and a transfer knows why it has its method.
    private static let step002 = """
        UPDATE transfer SET body = json_set(body,
            '$.record.stores', CASE
                WHEN json_extract(body, '$.record.store') IS NULL THEN json('{"standard":{}}')
                ELSE json_object('named', json_object('_0',
                    json_array(json_extract(body, '$.record.store'))))
            END,
            '$.record.allStoresMustSucceed', json('true'),
            '$.record.acceptsTransformed', json('false'),
            '$.record.verification', 'proof', '$.record.isDeactivated', json('false'),
            '$.fallbacks', json('[]'), '$.importFailures', 0,
            '$.isCopying', json('false'), '$.heldStores', json('[]'), '$.remarks', json('[]'));
        DELETE FROM plan_item;
        DELETE FROM target_image;
        -- What the run's plan decided, as JSON: the scratch tables belong to
        -- whoever planned last.
        ALTER TABLE run ADD COLUMN plan TEXT;
        """

    private static let step001 = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            pipeline_name TEXT NOT NULL,
            pipeline_file TEXT NOT NULL,
            pipeline_text TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            planned_at INTEGER,
            ended_at INTEGER,
            outcome TEXT
        ) STRICT;

        -- What a run moves. `body` is the whole transfer; the columns beside it
        -- are what queries need.
        CREATE TABLE transfer (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            target_key TEXT NOT NULL,
            source_key TEXT NOT NULL,
            version_id TEXT NOT NULL,
            position INTEGER NOT NULL,
            state TEXT NOT NULL,
            due_at INTEGER,
            size_bytes INTEGER,
            error_code TEXT,
            started_at INTEGER,
            updated_at INTEGER NOT NULL,
            body TEXT NOT NULL,
            UNIQUE (target_key, version_id)
        ) STRICT;
        CREATE INDEX transfer_by_work ON transfer (run_id, state, position);
        CREATE INDEX transfer_by_source ON transfer (target_key, source_key);

        -- Images that must stand at the target before a transfer may start.
        CREATE TABLE dependency (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id) ON DELETE CASCADE,
            source_key TEXT NOT NULL,
            PRIMARY KEY (transfer_id, source_key)
        ) STRICT, WITHOUT ROWID;

        -- Every failed try, kept for `status` and reports.
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY,
            transfer_id INTEGER NOT NULL REFERENCES transfer (id) ON DELETE CASCADE,
            run_id INTEGER NOT NULL,
            at INTEGER NOT NULL,
            state TEXT NOT NULL,
            code TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        CREATE INDEX attempt_by_transfer ON attempt (transfer_id);

        -- Scratch space of planning: emptied when a plan begins.
        CREATE TABLE target_image (
            target_key TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT,
            version_id TEXT,
            body TEXT NOT NULL,
            PRIMARY KEY (target_key, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX target_image_by_name ON target_image (target_key, name);
        CREATE INDEX target_image_by_version ON target_image (target_key, version_id);

        CREATE TABLE plan_item (
            position INTEGER PRIMARY KEY,
            target_key TEXT NOT NULL,
            source_key TEXT NOT NULL,
            version_id TEXT NOT NULL,
            first_image_id TEXT NOT NULL,
            name TEXT,
            size_bytes INTEGER,
            action TEXT,
            body TEXT NOT NULL,
            UNIQUE (target_key, source_key)
        ) STRICT;
        """
}
