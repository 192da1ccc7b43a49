// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Digests
internal import Foundation
public import MigrationJournal
internal import MigrationModel

/// The files between reading and sending: which there are, who fills one, and
/// how much room they may take.
///
/// One file a version of a source image, shared by all targets. Its name is
/// derived from the journal's path and the image, and nothing that is not named
/// so is ever touched in its folder. Room is kept for a file before it is
/// filled, and for all of it, so that files which are partly there can always
/// be completed.
public final class Spool: Sendable {
    /// Where it lies and how much it may hold.
    public struct Place: Sendable, Hashable {
        /// Absolute. Created with mode 0700.
        public var folder: String
        /// Bytes of all files together; nil: what the disk holds.
        public var maxBytes: Int64?

        public init(folder: String, maxBytes: Int64? = nil) {
            precondition(folder.hasPrefix("/"), "the spool's folder must be absolute")
            self.folder = folder
            self.maxBytes = maxBytes
        }
    }

    /// A file of the spool that no transfer needs any more.
    public struct Orphan: Sendable, Hashable {
        public var path: String
        /// What it takes on the disk, in bytes.
        public var diskBytes: Int64
    }

    /// What follows for a transfer that wants its data from the spool.
    enum Claim {
        /// It is all there.
        case complete(SpoolEntry)
        /// The transfer is to fill it, and to call ``leave(_:)`` afterwards.
        case fill(SpoolEntry)
        /// It is woken when there is something to do.
        case wait(reason: String)
    }

    private struct Key: Hashable {
        var sourceKey: String
        var fingerprint: String

        init(_ source: SourceImage) {
            sourceKey = source.key
            fingerprint = source.fingerprint
        }

        init(_ entry: SpoolEntry) {
            sourceKey = entry.sourceKey
            fingerprint = entry.fingerprint
        }
    }

    private struct State {
        var entries: [Key: SpoolEntry] = [:]
        var filling: Set<Key> = []
        /// Of unknown size, and not complete.
        var growing: Set<Key> = []
        /// Who waits, and what ``changes`` was when it was told to.
        var waiting: [Int64: Int] = [:]
        /// How often there was reason to look again.
        var changes = 0
        /// Files that are being removed.
        var removing = 0
        var hasToldOfFullDisk = false
    }

    /// What is kept for a file of unknown size, again and again.
    static let stepBytes: Int64 = 64 << 20

    public let place: Place
    /// Spool the data of sources that proved flaky as well.
    public let takesFlakySources: Bool
    let disk: SpoolDisk
    private let journal: Journal
    private let run: Run
    private let prefix: String
    private let state = Guarded(State())
    private let onChange = Guarded<(@Sendable () -> Void)?>(nil)

    /// Opens the spool of a run: makes its folder and removes what no transfer needs.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed`` when the folder cannot be
    ///   made; the journal's errors.
    public static func open(
        _ place: Place, takesFlakySources: Bool = false, journal: Journal, run: Run
    ) async throws(TranshipError) -> Spool {
        try await open(
            place, takesFlakySources: takesFlakySources, journal: journal, run: run, disk: .real)
    }

    /// The same on a disk of one's own.
    package static func open(
        _ place: Place, takesFlakySources: Bool, journal: Journal, run: Run, disk: SpoolDisk
    ) async throws(TranshipError) -> Spool {
        let spool = Spool(place, takesFlakySources, journal, run, disk)
        for orphan in try await orphans(in: place, journal: journal, run: run) {
            try remove(orphan.path, disk)
        }
        for (entry, isNeeded) in try await journal.spoolEntries(run: run) {
            if isNeeded {
                spool.state.withLock { $0.entries[Key(entry)] = entry }
            } else {
                if isOurs(entry.path, journal) { try remove(entry.path, disk) }
                try await journal.drop(entry)
            }
        }
        return spool
    }

    private init(
        _ place: Place, _ takesFlakySources: Bool, _ journal: Journal, _ run: Run,
        _ disk: SpoolDisk
    ) {
        self.place = place
        self.takesFlakySources = takesFlakySources
        self.journal = journal
        self.run = run
        self.disk = disk
        prefix = Self.prefix(journal)
    }

    /// Whom to tell when a transfer that waited has become due.
    func whenChanged(_ body: @escaping @Sendable () -> Void) {
        onChange.withLock { $0 = body }
    }

    // MARK: Names and orphans

    /// The files of a journal's spool that no transfer of its last run waits
    /// for: what a run removes when it begins, and `clean` may.
    ///
    /// Only plain files whose names this journal's spool gives are looked at.
    public static func orphans(
        in place: Place, journal: Journal, run: Run?
    ) async throws(TranshipError) -> [Orphan] {
        let needed = Set(
            try await journal.spoolEntries(run: run).filter(\.isNeeded).map(\.entry.path))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.folder)) ?? []
        return names.sorted().compactMap { name in
            let path = "\(place.folder)/\(name)"
            guard isOurs(path, journal), !needed.contains(path) else { return nil }
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Orphan(path: path, diskBytes: Int64(status.st_blocks) * 512)
        }
    }

    /// Removes a file that ``orphans(in:journal:run:)`` named; one that is gone is fine.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed``.
    public static func remove(_ path: String) throws(TranshipError) {
        try remove(path, .real)
    }

    private static func remove(_ path: String, _ disk: SpoolDisk) throws(TranshipError) {
        guard disk.remove(path) == 0 || errno == ENOENT else {
            throw SpoolDisk.failure("cannot remove", path)
        }
    }

    /// `tranship-JOURNAL-IMAGE.spool`, both as hexadecimal digits.
    private static func isOurs(_ path: String, _ journal: Journal) -> Bool {
        let name = (path as NSString).lastPathComponent
        let prefix = prefix(journal)
        guard name.hasPrefix(prefix), name.hasSuffix(".spool") else { return false }
        let digits = name.dropFirst(prefix.count).dropLast(6)
        return digits.utf8.count == 40 && digits.allSatisfy(\.isHexDigit)
    }

    private static func prefix(_ journal: Journal) -> String {
        let path = URL(fileURLWithPath: journal.path).standardizedFileURL.path
        return "tranship-\(digits(path).prefix(12))-"
    }

    private static func digits(_ text: String) -> String {
        // SHA-1 names things here and proves nothing. A build of OpenSSL without
        // it gives no derived ids either.
        do { return try digest(.sha1, of: Array(text.utf8)).value } catch {
            preconditionFailure("\(error)")
        }
    }

    // MARK: Claims

    func claim(_ transfer: Transfer) async throws(TranshipError) -> Claim {
        let key = Key(transfer.source)
        let path =
            "\(place.folder)/\(prefix)"
            + "\(Self.digits("\(key.sourceKey)\n\(key.fingerprint)")).spool"
        let claim: Result<Claim, TranshipError> = state.withLock { state in
            state.waiting[transfer.id] = nil
            if state.filling.contains(key) {
                state.waiting[transfer.id] = state.changes
                return .success(
                    .wait(reason: "its source is read into the spool for another target"))
            }
            if let entry = state.entries[key] {
                if entry.isComplete { return .success(.complete(entry)) }
                state.filling.insert(key)
                return .success(.fill(entry))
            }
            // On a full disk one file after the other, or none would be completed.
            if state.hasToldOfFullDisk, state.entries.values.contains(where: { !$0.isComplete }) {
                state.waiting[transfer.id] = state.changes
                return .success(
                    .wait(reason: "the spool's disk is full until others are read and sent"))
            }
            let size = transfer.source.sizeBytes
            let need = size ?? min(Self.stepBytes, place.maxBytes ?? .max)
            if let most = place.maxBytes {
                if need > most { return .failure(Self.neverFits(transfer, need, most)) }
                let taken = state.entries.values.reduce(0) { $0 + $1.reservedBytes }
                // Two that grow could each hold what the other needs.
                guard taken + need <= most, size != nil || state.growing.isEmpty else {
                    state.waiting[transfer.id] = state.changes
                    return .success(
                        .wait(
                            reason: "no room in the spool: \(ByteCount.format(taken)) of "
                                + "\(ByteCount.format(most)) are taken"))
                }
            }
            let entry = SpoolEntry(
                sourceKey: key.sourceKey, fingerprint: key.fingerprint, path: path,
                reservedBytes: need)
            state.entries[key] = entry
            state.filling.insert(key)
            if size == nil { state.growing.insert(key) }
            return .success(.fill(entry))
        }
        let result = try claim.get()
        // The row before the file: a file without one is an orphan.
        if case .fill(let entry) = result { try await journal.keep(entry) }
        return result
    }

    /// Keeps room for a file that becomes larger than was known.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed`` where it can never have it;
    ///   ``NoRoom`` as the cause where it may later.
    func reserve(_ entry: inout SpoolEntry, _ bytes: Int64, _ transfer: Transfer)
        throws(TranshipError)
    {
        guard bytes > entry.reservedBytes else { return }
        let key = Key(entry)
        let most = place.maxBytes ?? .max
        guard bytes <= most else { throw Self.neverFits(transfer, bytes, most) }
        let isKept = state.withLock { state in
            let others = state.entries.filter { $0.key != key }.values
            guard others.reduce(0, { $0 + $1.reservedBytes }) <= most - bytes else { return false }
            state.entries[key]?.reservedBytes = bytes
            return true
        }
        guard isKept else {
            throw TranshipError(
                .targetFailed,
                "no room in the spool for \(ByteCount.format(bytes)) of "
                    + transfer.source.displayName, isTransient: true, cause: NoRoom())
        }
        entry.reservedBytes = bytes
    }

    /// Writes down how far a file has come.
    func keep(_ entry: SpoolEntry, filledBy transfer: Transfer) async throws(TranshipError) {
        state.withLock { state in
            state.entries[Key(entry)] = entry
            if entry.isComplete { state.growing.remove(Key(entry)) }
        }
        try await journal.keep(entry, filledBy: transfer)
    }

    /// This transfer no longer fills it: others may.
    func leave(_ entry: SpoolEntry) async throws(TranshipError) {
        state.withLock { _ = $0.filling.remove(Key(entry)) }
        try await wakeAll()
    }

    /// Forgets a file and removes it.
    ///
    /// - Parameter unlessFilled: leaves it where another transfer fills it by now.
    func discard(_ entry: SpoolEntry, unlessFilled: Bool = false) async throws(TranshipError) {
        let isDiscarded = state.withLock { state in
            if unlessFilled, state.filling.contains(Key(entry)) { return false }
            state.entries[Key(entry)] = nil
            state.growing.remove(Key(entry))
            state.removing += 1
            return true
        }
        guard isDiscarded else { return }
        defer { state.withLock { $0.removing -= 1 } }
        try Self.remove(entry.path, disk)
        try await journal.drop(entry)
        try await wakeAll()
    }

    /// A transfer has ended: removes its file if no other waits for it.
    func release(_ transfer: Transfer) async throws(TranshipError) {
        let key = Key(transfer.source)
        let entry = state.withLock { state in
            state.filling.contains(key) ? nil : state.entries[key]
        }
        guard let entry, try await !journal.isNeeded(entry, run: run) else { return }
        try await discard(entry)
    }

    /// True when another file may still be completed, sent and removed, which
    /// makes room.
    func mayGetRoom(besides entry: SpoolEntry) -> Bool {
        let key = Key(entry)
        return state.withLock { state in
            state.removing > 0
                || state.entries.contains {
                    $0.key != key && ($0.value.isComplete || state.filling.contains($0.key))
                }
        }
    }

    /// True when another file is partly there and no transfer fills it now:
    /// its transfer waits for room.
    func holdsPart(besides entry: SpoolEntry) -> Bool {
        let key = Key(entry)
        return state.withLock { state in
            state.entries.contains {
                $0.key != key && !$0.value.isComplete && !state.filling.contains($0.key)
            }
        }
    }

    /// How often a transfer stopped filling a file, or a file was removed.
    var changeCount: Int { state.withLock { $0.changes } }

    func waits(_ transfer: Transfer) {
        state.withLock { $0.waiting[transfer.id] = $0.changes }
    }

    /// A transfer's wait is in the journal now: there may have been reason
    /// to wake it before it did.
    func waitIsWritten(_ transfer: Transfer) async throws(TranshipError) {
        let isLate = state.withLock { state in
            state.waiting[transfer.id].map { $0 != state.changes } ?? false
        }
        guard isLate else { return }
        try await journal.wake([transfer.id])
        onChange.withLock { $0 }?()
    }

    /// True the first time.
    func isFirstToTellOfFullDisk() -> Bool {
        state.withLock { state in
            defer { state.hasToldOfFullDisk = true }
            return !state.hasToldOfFullDisk
        }
    }

    private func wakeAll() async throws(TranshipError) {
        let ids = state.withLock { state in
            state.changes += 1
            return Set(state.waiting.keys)
        }
        try await journal.wake(ids)
        onChange.withLock { $0 }?()
    }

    private static func neverFits(
        _ transfer: Transfer, _ bytes: Int64, _ most: Int64
    ) -> TranshipError {
        TranshipError(
            .targetFailed,
            "\(transfer.source.displayName) takes \(ByteCount.format(bytes)) and the spool holds "
                + "\(ByteCount.format(most)) at most",
            hint: "raise spool.max in the pipeline file, or use transfer: stream")
    }
}

/// There is no room in the spool now, but there may be later.
struct NoRoom: Error {}
