// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import GRDB

/// The shape of the journal and of a plan.
///
/// Every fact that a query needs is a column. A `body` is opaque to SQL. ``Journal/prune(before:)``
/// forgets the rows of old runs: a new table needs its line there.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(firstStep) { db in
            for sql in [runs, transfers, series, experience] { try db.execute(sql: sql) }
        }
        return migrator
    }

    /// The step that makes a new journal. Until a version is released, a change of the shape gives
    /// this step another name: a journal without this name was written by an earlier build, and is
    /// refused. A step that was released is never edited; later changes are new steps.
    static let firstStep = "1 runs in order, places, plans, facts, transfers, series, names"

    /// The id "TRSH" in the file's header, by which `file(1)` and this program recognize a journal
    /// among SQLite files.
    static let applicationID = 0x5452_5348
    /// The id "TRSP" in the header of a plan. Only a file with this id is emptied.
    static let planID = 0x5452_5350

    /// The tables, in an order in which they can be emptied.
    static let tables = [
        "method_time",
        "project_name", "pace", "gone_copy", "absence", "limit_override", "held_version",
        "upstream", "change",
        "run_facts", "run_place",
        "state_time",
        "request", "removed_copy", "attempt",
        "dependency", "outage", "spool", "refusal",
        "plan_tally", "work", "run_end", "missed_selection",
        "transfer",
        "image", "lineage", "run",
    ]

    /// The tables for the plans of runs and their ends.
    private static let runs = """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            pipeline_name TEXT NOT NULL,
            pipeline_file TEXT NOT NULL,
            pipeline_text TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            planned_at INTEGER,
            ended_at INTEGER,
            outcome TEXT,
            -- The greatest number of a run when this one was resumed. It is the last run until one
            -- with a greater number begins. NULL if it was never resumed.
            resumed_after INTEGER
        ) STRICT;

        -- Who started a run.
        CREATE TABLE run_facts (
            run_id INTEGER PRIMARY KEY REFERENCES run (id),
            who TEXT NOT NULL,
            pipeline_digest TEXT NOT NULL,
            -- Of the saved plan that the run carries out; NULL without one.
            plan_digest TEXT,
            -- Where that plan lay, absolute; NULL if that is unknown.
            plan_file TEXT,
            -- What the pipeline file took from its variables and from its table of projects; NULL:
            -- nothing, or the run is too old to be resumed.
            outside BLOB
        ) STRICT;

        -- Where the clouds of a run's pipeline led to. The last place of each name stays after its
        -- run, so there is no reference to it.
        CREATE TABLE run_place (
            run_id INTEGER NOT NULL,
            side TEXT NOT NULL,
            name TEXT NOT NULL,
            -- NULL: without Keystone.
            keystone_url TEXT,
            endpoint TEXT NOT NULL,
            -- NULL: without Keystone, or the images of all projects.
            project_id TEXT,
            PRIMARY KEY (run_id, side, name)
        ) STRICT, WITHOUT ROWID;

        -- What the run's plan decided.
        CREATE TABLE plan_tally (
            run_id INTEGER NOT NULL REFERENCES run (id),
            action TEXT NOT NULL,
            images INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            PRIMARY KEY (run_id, action)
        ) STRICT, WITHOUT ROWID;

        -- Images that the run's plan refuses or finds in conflict.
        CREATE TABLE refusal (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            target_key TEXT NOT NULL,
            source_key TEXT NOT NULL,
            name TEXT NOT NULL,
            action TEXT NOT NULL,
            code TEXT NOT NULL,
            message TEXT NOT NULL,
            hint TEXT,
            is_transient INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX refusal_by_run ON refusal (run_id);

        -- Sources and targets that the run's plan had to do without.
        CREATE TABLE absence (
            run_id INTEGER NOT NULL REFERENCES run (id),
            side TEXT NOT NULL,
            name TEXT NOT NULL,
            code TEXT NOT NULL,
            message TEXT NOT NULL,
            hint TEXT,
            is_transient INTEGER NOT NULL,
            PRIMARY KEY (run_id, side, name)
        ) STRICT, WITHOUT ROWID;

        -- What the run's plan looked for and did not find, in words, and what to do about it.
        CREATE TABLE missed_selection (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            words TEXT NOT NULL,
            -- NULL: the name may be mistaken.
            way_out TEXT
        ) STRICT;
        CREATE INDEX missed_selection_by_run ON missed_selection (run_id);

        -- How a run ended. The columns from `code` on are NULL unless an error ended it as a whole.
        CREATE TABLE run_end (
            run_id INTEGER PRIMARY KEY REFERENCES run (id),
            exit_code INTEGER NOT NULL,
            code TEXT,
            message TEXT,
            hint TEXT,
            is_transient INTEGER,
            -- file:line:column in the pipeline.
            place TEXT
        ) STRICT;

        -- What `tranship limit` set for a run, in place of what its pipeline file says.
        CREATE TABLE limit_override (
            run_id INTEGER PRIMARY KEY REFERENCES run (id),
            -- NULL: as in the file; 0: no limit.
            bandwidth_bytes_per_second INTEGER,
            -- NULL: as in the file.
            images INTEGER,
            changed_at INTEGER NOT NULL
        ) STRICT;
        """

    /// The tables for copies, and the work of runs on them.
    private static let transfers = """
        -- All versions of one image share a lineage: the first word of the marker.
        CREATE TABLE lineage (
            id INTEGER PRIMARY KEY,
            lineage_id TEXT NOT NULL UNIQUE
        ) STRICT;

        -- A source image as it was planned, once for all targets and runs. Never
        -- changed: bodies of `work` are compressed against it.
        CREATE TABLE image (
            id INTEGER PRIMARY KEY,
            source_key TEXT NOT NULL,
            name TEXT,
            -- False for an image with an id at its source, which has no other versions.
            is_of_series INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX image_by_source ON image (source_key);
        CREATE INDEX image_by_name ON image (name);

        -- A version of a lineage at a target. What was done for it is in `work`.
        CREATE TABLE transfer (
            id INTEGER PRIMARY KEY,
            target_key TEXT NOT NULL,
            version_id TEXT NOT NULL,
            lineage INTEGER NOT NULL REFERENCES lineage (id),
            -- The last run that had work for it, whose row is the present state.
            run_id INTEGER NOT NULL REFERENCES run (id),
            UNIQUE (target_key, version_id)
        ) STRICT;
        CREATE INDEX transfer_by_lineage ON transfer (lineage);

        -- A transfer in a run. Rows of earlier runs stay as they ended.
        CREATE TABLE work (
            id INTEGER PRIMARY KEY,
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            run_id INTEGER NOT NULL REFERENCES run (id),
            position INTEGER NOT NULL,
            state TEXT NOT NULL,
            due_at INTEGER,
            image INTEGER NOT NULL REFERENCES image (id),
            source_index INTEGER NOT NULL,
            method TEXT NOT NULL,
            spools INTEGER NOT NULL,
            is_copying INTEGER NOT NULL,
            image_id TEXT,
            size_bytes INTEGER,
            error_code TEXT,
            -- Of all runs up to this one.
            read_bytes INTEGER NOT NULL,
            again_bytes INTEGER NOT NULL,
            saved_bytes INTEGER NOT NULL,
            reopenings INTEGER NOT NULL,
            restarts INTEGER NOT NULL,
            started_at INTEGER,
            updated_at INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (transfer_id, run_id)
        ) STRICT;
        CREATE INDEX work_by_state ON work (run_id, state, position);
        CREATE INDEX work_by_image ON work (image);

        -- Images that must be at the target before a transfer may start.
        CREATE TABLE dependency (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            source_key TEXT NOT NULL,
            -- The target that has the image; NULL: that of the transfer.
            target_key TEXT,
            PRIMARY KEY (transfer_id, source_key)
        ) STRICT, WITHOUT ROWID;

        -- Every failed try.
        CREATE TABLE attempt (
            id INTEGER PRIMARY KEY,
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            run_id INTEGER NOT NULL REFERENCES run (id),
            at INTEGER NOT NULL,
            state TEXT NOT NULL,
            code TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        CREATE INDEX attempt_by_transfer ON attempt (transfer_id);
        CREATE INDEX attempt_by_run ON attempt (run_id);

        -- When a transfer entered each state.
        CREATE TABLE state_time (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            state TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX state_time_by_transfer ON state_time (transfer_id, run_id);
        CREATE INDEX state_time_by_run ON state_time (run_id);

        -- What the requests of each try carried in X-Openstack-Request-Id.
        CREATE TABLE request (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            run_id INTEGER NOT NULL REFERENCES run (id),
            request_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (transfer_id, run_id, request_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX request_by_run ON request (run_id);

        -- What `rollback --yes` deleted at the target.
        CREATE TABLE removed_copy (
            transfer_id INTEGER NOT NULL REFERENCES transfer (id),
            -- The run that was rolled back.
            run_id INTEGER NOT NULL REFERENCES run (id),
            image_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (transfer_id, run_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX removed_copy_by_run ON removed_copy (run_id);

        -- When endpoints did not answer.
        CREATE TABLE outage (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            endpoint TEXT NOT NULL,
            began_at INTEGER NOT NULL,
            ended_at INTEGER,
            code TEXT NOT NULL,
            message TEXT NOT NULL
        ) STRICT;

        -- Files that several transfers may share.
        CREATE TABLE spool (
            source_key TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            path TEXT NOT NULL,
            offset_bytes INTEGER NOT NULL,
            is_complete INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (source_key, fingerprint)
        ) STRICT, WITHOUT ROWID;
        """

    /// The tables for versions of series.
    private static let series = """
        -- What a run changes about versions that are not current any more.
        CREATE TABLE change (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run (id),
            lineage INTEGER NOT NULL REFERENCES lineage (id),
            target_key TEXT NOT NULL,
            version_id TEXT NOT NULL,
            image_id TEXT NOT NULL,
            action TEXT NOT NULL,
            state TEXT NOT NULL,
            updated_at INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        CREATE INDEX change_by_run ON change (run_id, state);
        CREATE INDEX change_by_image ON change (target_key, image_id);

        -- Versions that an operator rolled back from: runs do not go forward to them.
        CREATE TABLE held_version (
            lineage INTEGER NOT NULL REFERENCES lineage (id),
            target_key TEXT NOT NULL,
            version_id TEXT NOT NULL,
            -- What the rollback made current.
            current_version_id TEXT NOT NULL,
            -- The newest transfer of the series at that time. A newer one is of a version
            -- that the source did not have then, which ends the hold.
            last_transfer INTEGER NOT NULL,
            held_at INTEGER NOT NULL,
            -- Of a series with several sources: the place of the versions that the hold is about; see
            -- SourceImage.place. NULL: all versions of the series.
            place TEXT,
            PRIMARY KEY (lineage, target_key, version_id)
        ) STRICT, WITHOUT ROWID;

        -- Copies of ours that a target did not list any more when a run looked. Of all runs: a row
        -- goes when the target lists the image again, or when the journal forgets its transfer.
        CREATE TABLE gone_copy (
            target_key TEXT NOT NULL,
            image_id TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (target_key, image_id)
        ) STRICT, WITHOUT ROWID;

        -- What the last run with a series found at its source.
        CREATE TABLE upstream (
            lineage_id TEXT NOT NULL,
            -- Of one of several sources: see SourceImage.place. Empty: the series has one source.
            place TEXT NOT NULL,
            -- What the entry selected of an index; NULL without one.
            selector TEXT,
            run_id INTEGER NOT NULL REFERENCES run (id),
            body BLOB NOT NULL,
            PRIMARY KEY (lineage_id, place)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX upstream_by_run ON upstream (run_id);
        CREATE INDEX upstream_by_selector ON upstream (selector) WHERE selector IS NOT NULL;
        """

    /// The tables about all runs, which pruning keeps.
    private static let experience = """
        -- How many images at once an Image service took best. Of all runs: one row a service, which
        -- pruning keeps.
        CREATE TABLE pace (
            endpoint TEXT PRIMARY KEY,
            images INTEGER NOT NULL,
            is_settled INTEGER NOT NULL,
            learned_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- How long images took by each method. Of all runs, and pruning keeps it: the newest rows of
        -- each source, target and method stay for a while. What `work` and `state_time` have is gone
        -- with the runs, and says no endpoint.
        CREATE TABLE method_time (
            id INTEGER PRIMARY KEY,
            -- Endpoints.
            source TEXT NOT NULL,
            target TEXT NOT NULL,
            method TEXT NOT NULL,
            milliseconds_per_gib INTEGER NOT NULL,
            -- The lowest limit of the run; NULL: none.
            bandwidth_bytes_per_second INTEGER,
            run_id INTEGER NOT NULL,
            transfer_id INTEGER NOT NULL,
            learned_at INTEGER NOT NULL,
            UNIQUE (run_id, transfer_id)
        ) STRICT;

        -- What projects are called, for people. Of all runs: one row a project, which pruning keeps.
        CREATE TABLE project_name (
            project_id TEXT PRIMARY KEY,
            name TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// The shape of a plan, whose file exists only as long as the process that makes it.
    static let plan = """
        -- With row ids: without them, SQLite takes the primary key's first column for as good
        -- as an index by name, and reads all images of the target for each image of the plan.
        CREATE TABLE target_image (
            target_key TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT,
            lineage_id TEXT,
            version_id TEXT,
            body BLOB NOT NULL,
            PRIMARY KEY (target_key, id)
        ) STRICT;
        CREATE INDEX target_image_by_name ON target_image (target_key, name);
        CREATE INDEX target_image_by_version ON target_image (target_key, version_id)
            WHERE version_id IS NOT NULL;
        CREATE INDEX target_image_by_lineage ON target_image (target_key, lineage_id)
            WHERE lineage_id IS NOT NULL;

        CREATE TABLE plan_item (
            position INTEGER PRIMARY KEY,
            target_key TEXT NOT NULL,
            source_key TEXT NOT NULL,
            lineage_id TEXT NOT NULL,
            version_id TEXT NOT NULL,
            size_bytes INTEGER,
            is_of_series INTEGER NOT NULL,
            action TEXT,
            -- Of the transfer that the plan starts; NULL where it starts none.
            start_method TEXT,
            body BLOB NOT NULL,
            UNIQUE (target_key, source_key)
        ) STRICT;
        CREATE INDEX plan_item_by_version ON plan_item (target_key, version_id);
        CREATE INDEX plan_item_by_lineage ON plan_item (target_key, lineage_id);
        CREATE INDEX plan_item_undecided ON plan_item (position) WHERE action IS NULL;
        CREATE INDEX plan_item_of_series ON plan_item (position) WHERE is_of_series = 1;

        CREATE TABLE plan_upstream (
            lineage_id TEXT NOT NULL,
            place TEXT NOT NULL,
            body BLOB NOT NULL,
            PRIMARY KEY (lineage_id, place)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE plan_change (
            position INTEGER PRIMARY KEY,
            body BLOB NOT NULL
        ) STRICT;
        """
}
