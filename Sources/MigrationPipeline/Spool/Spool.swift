// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import Digests
internal import Foundation
public import MigrationJournal
public import MigrationModel

/// Manages the files between reading and sending: their names, the transfer that fills each, and
/// the space that they take.
///
/// Each version of a source image has one file, which all targets share. Its name derives from the
/// journal's path and the image, and the spool never touches other files in its folder. The spool
/// reserves space for a whole file before it is filled, so that partly filled files can always be
/// completed.
public final class Spool: Sendable {
    /// The folder of the spool, and its maximum size.
    public struct Place: Sendable, Hashable {
        /// The absolute path of the folder, which is created with mode 0700.
        public var folder: String
        /// Maximum total size of the files. nil means the whole disk.
        public var maxBytes: Int64?

        public init(folder: String, maxBytes: Int64? = nil) {
            precondition(folder.hasPrefix("/"), "the spool's folder must be absolute")
            self.folder = folder
            self.maxBytes = maxBytes
        }
    }

    /// A file of the spool that no transfer needs any longer.
    public struct Orphan: Sendable, Hashable {
        public var path: String
        /// The space that the file takes on the disk, in bytes.
        public var diskBytes: Int64
    }

    /// The next action of a transfer that needs spooled data.
    enum Claim {
        /// The data is complete. `life` is the file's generation; see
        /// ``discard(_:unlessFilled:inLife:)``.
        case complete(SpoolEntry, life: Int)
        /// The transfer has to fill the file, and then call ``leave(_:)``.
        case fill(SpoolEntry)
        /// The transfer has to wait. It is woken when something changes.
        case wait(reason: WaitReason)
    }

    /// The next action for a file that found no room.
    enum Shortage {
        /// Wait: another file may be completed, sent and removed.
        case mayEnd
        /// Continue at once: a file was removed meanwhile.
        case hasEnded
        /// Give this file up: incomplete files hold the space that the others need.
        case blocksOthers
        /// Fail: nothing else in the spool can make room.
        case stays
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
        /// The number of times that each file was discarded. The next file has the same path and,
        /// normally, the same bytes.
        var discards: [Key: Int] = [:]
        /// Files of unknown size that are not complete.
        var growing: Set<Key> = []
        /// The waiting transfers, each with the value of ``changes`` when it began to wait.
        var waiting: [Int64: Int] = [:]
        /// Number of changes that could let a waiting transfer continue.
        var changes = 0
        /// Files that are being removed.
        var removing = 0
        /// The number of files that were removed, which freed space.
        var removals = 0
        /// Files that found no room, each with the value of ``removals`` before it was filled.
        var starved: [Key: Int] = [:]
        var hasToldOfFullDisk = false

        /// True if another file may be completed, sent and removed. A file that found no room
        /// itself does not count: it needs the room of others first.
        func mayMakeRoom(besides key: Key) -> Bool {
            removing > 0
                || entries.contains { other, entry in
                    other != key
                        && (entry.isComplete
                            || (filling.contains(other) && starved[other] != removals))
                }
        }
    }

    /// The room that a file of unknown size reserves at a time, in bytes.
    static let stepBytes: Int64 = 64 << 20

    public let place: Place
    /// True to also spool sources that broke off before.
    public let takesFlakySources: Bool
    let disk: SpoolDisk
    private let journal: Journal
    private let run: Run
    private let state = Guarded(State())
    /// Targets for which the run starts nothing more.
    private let paused = Guarded<Set<String>>([])
    private let onChange = Guarded<(@Sendable () -> Void)?>(nil)

    /// Opens the spool of a run, and removes the files that no transfer needs.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed`` if other users may write to the folder, if
    ///   another user owns it, or if it is a link; the journal's errors.
    package static func open(
        _ place: Place, takesFlakySources: Bool = false, journal: Journal, run: Run,
        disk: SpoolDisk = .real
    ) async throws(TranshipError) -> Spool {
        try SpoolFolder.check(place.folder, isNeeded: false)
        let spool = Spool(place, takesFlakySources, journal, run, disk)
        for orphan in try await orphans(in: place, journal: journal, run: run) {
            try remove(orphan.path, disk)
        }
        for (row, isNeeded) in try await journal.spoolEntries(run: run) {
            let entry = moved(row, to: place, journal)
            if isNeeded {
                spool.state.withLock { $0.entries[Key(entry)] = entry }
            } else {
                try remove(entry.path, disk)
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
    }

    /// Sets the function to call when a waiting transfer becomes due.
    func whenChanged(_ body: @escaping @Sendable () -> Void) {
        onChange.withLock { $0 = body }
    }

    // MARK: Names and orphans

    /// Lists the files of a journal's spool that no transfer of its last run needs. A run removes
    /// them when it starts; `clean` may remove them, too.
    ///
    /// Lists only plain files with names that this journal's spool uses.
    public static func orphans(
        in place: Place, journal: Journal, run: Run?
    ) async throws(TranshipError) -> [Orphan] {
        let needed = Set(
            try await journal.spoolEntries(run: run).filter(\.isNeeded).map {
                path(Key($0.entry), in: place, journal)
            })
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.folder)) ?? []
        return names.sorted().compactMap { name in
            let path = "\(place.folder)/\(name)"
            guard isOurs(path, journal), !needed.contains(path) else { return nil }
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return Orphan(path: path, diskBytes: Int64(status.st_blocks) * 512)
        }
    }

    /// Removes a file from ``orphans(in:journal:run:)``. A missing file is not an error.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed``.
    package static func remove(
        _ path: String, _ disk: SpoolDisk = .real
    ) throws(TranshipError) {
        guard disk.remove(path) == 0 || errno == ENOENT else {
            throw SpoolDisk.failure("cannot remove", path)
        }
    }

    /// Returns true for names of the form `tranship-JOURNAL-IMAGE.spool`, where both parts are
    /// hexadecimal.
    private static func isOurs(_ path: String, _ journal: Journal) -> Bool {
        let name = PathText.lastComponent(path)
        let prefix = prefix(journal)
        guard name.hasPrefix(prefix), name.hasSuffix(".spool") else { return false }
        let digits = name.dropFirst(prefix.count).dropLast(6)
        return digits.utf8.count == 40 && digits.allSatisfy(\.isHexDigit)
    }

    private static func prefix(_ journal: Journal) -> String {
        let path = URL(fileURLWithPath: journal.path).standardizedFileURL.path
        return "tranship-\(digits(path).prefix(12))-"
    }

    private static func path(_ key: Key, in place: Place, _ journal: Journal) -> String {
        "\(place.folder)/\(prefix(journal))\(digits("\(key.sourceKey)\n\(key.fingerprint)")).spool"
    }

    /// Returns the entry with the only path that this spool uses for it. A journal from elsewhere
    /// could name any file, to have it overwritten and removed. The folder may also have changed.
    /// If the file is missing there, the data is read again.
    private static func moved(
        _ entry: SpoolEntry, to place: Place, _ journal: Journal
    ) -> SpoolEntry {
        var entry = entry
        entry.path = path(Key(entry), in: place, journal)
        return entry
    }

    private static func digits(_ text: String) -> String {
        // SHA-1 only makes names here and proves nothing. If OpenSSL lacks it, derived ids do not
        // work either.
        do { return try digest(.sha1, of: Array(text.utf8)).value } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Returns the path to which a conversion of a file writes. If the process dies, the next start
    /// removes that file as an orphan.
    func conversionPath(_ entry: SpoolEntry) -> String {
        let digits = Self.digits("\(entry.sourceKey)\n\(entry.fingerprint)\nconverted")
        return "\(place.folder)/\(Self.prefix(journal))\(digits).spool"
    }

    // MARK: Claims

    func claim(_ transfer: Transfer) async throws(TranshipError) -> Claim {
        let key = Key(transfer.source)
        let path = Self.path(key, in: place, journal)
        let claim = try state.withLock { (state) throws(TranshipError) -> Claim in
            func wait(_ reason: WaitReason) -> Claim {
                state.waiting[transfer.id] = state.changes
                return .wait(reason: reason)
            }
            state.waiting[transfer.id] = nil
            if state.filling.contains(key) {
                return wait(.sourceIsRead)
            }
            if let entry = state.entries[key] {
                if entry.isComplete {
                    return .complete(entry, life: state.discards[key, default: 0])
                }
                // A file that found no room finds none before another file is removed.
                if state.starved[key] == state.removals, state.mayMakeRoom(besides: key) {
                    return wait(.spoolDiskFull)
                }
                state.starved[key] = nil
                state.filling.insert(key)
                return .fill(entry)
            }
            // On a full disk, fill one file at a time. Otherwise none might be completed.
            if state.hasToldOfFullDisk, state.entries.values.contains(where: { !$0.isComplete }) {
                return wait(.spoolDiskFull)
            }
            let size = transfer.source.sizeBytes
            let need = size ?? min(Self.stepBytes, place.maxBytes ?? .max)
            if let most = place.maxBytes {
                if need > most { throw Self.neverFits(transfer, need, most) }
                let taken = Self.reserved(state.entries.values)
                // Two growing files could each hold the room that the other needs.
                guard taken.clampedSum(need) <= most, size != nil || state.growing.isEmpty else {
                    return wait(.spoolFull(takenBytes: taken, mostBytes: most))
                }
            }
            let entry = SpoolEntry(
                sourceKey: key.sourceKey, fingerprint: key.fingerprint, path: path,
                reservedBytes: need)
            state.entries[key] = entry
            state.filling.insert(key)
            if size == nil { state.growing.insert(key) }
            return .fill(entry)
        }
        // Write the row before the file, because a file without a row is an orphan.
        if case .fill(let entry) = claim { try await journal.keep(entry) }
        return claim
    }

    /// Reserves more space for a file that is larger than expected.
    ///
    /// - Throws: ``TranshipError/Code/targetFailed`` if the spool can never hold the file; with
    ///   ``NoRoom`` as the cause if it may later.
    func reserve(_ entry: inout SpoolEntry, _ bytes: Int64, _ transfer: Transfer)
        throws(TranshipError)
    {
        guard bytes > entry.reservedBytes else { return }
        let key = Key(entry)
        let most = place.maxBytes ?? .max
        guard bytes <= most else { throw Self.neverFits(transfer, bytes, most) }
        let isKept = state.withLock { state in
            let others = state.entries.filter { $0.key != key }.values
            guard Self.reserved(others).clampedSum(bytes) <= most else { return false }
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

    private static func reserved(_ entries: some Sequence<SpoolEntry>) -> Int64 {
        entries.reduce(0) { $0.clampedSum($1.reservedBytes) }
    }

    /// Records the progress of a file.
    func keep(_ entry: SpoolEntry, filledBy transfer: Transfer) async throws(TranshipError) {
        state.withLock { state in
            state.entries[Key(entry)] = entry
            if entry.isComplete { state.growing.remove(Key(entry)) }
        }
        try await journal.keep(entry, filledBy: transfer)
    }

    /// Records that this transfer no longer fills the file, so that others may.
    func leave(_ entry: SpoolEntry) async throws(TranshipError) {
        state.withLock { _ = $0.filling.remove(Key(entry)) }
        try await wakeAll()
    }

    /// Forgets a file and removes it.
    ///
    /// - Parameters:
    ///   - unlessFilled: keeps the file if another transfer is filling it.
    ///   - life: keeps the file if it was discarded and filled again since then, because another
    ///     transfer found the same damage.
    func discard(
        _ entry: SpoolEntry, unlessFilled: Bool = false, inLife life: Int? = nil
    ) async throws(TranshipError) {
        let key = Key(entry)
        let wasFilling = state.withLock { state -> Bool? in
            let isFilling = state.filling.contains(key)
            let isAnother = life.map { $0 != state.discards[key, default: 0] } ?? false
            if isAnother || (unlessFilled && isFilling) { return nil }
            state.entries[key] = nil
            state.growing.remove(key)
            state.starved[key] = nil
            state.discards[key, default: 0] += 1
            state.removing += 1
            // The old file and its row must be gone before another transfer fills a new file.
            state.filling.insert(key)
            return isFilling
        }
        guard let wasFilling else { return }
        func end() {
            state.withLock { state in
                state.removing -= 1
                state.removals += 1
                if !wasFilling { state.filling.remove(key) }
            }
        }
        do throws(TranshipError) {
            try Self.remove(entry.path, disk)
            try await journal.drop(entry)
        } catch {
            end()
            throw error
        }
        end()
        try await wakeAll()
    }

    /// The number of times that a file was discarded in this run.
    func life(of entry: SpoolEntry) -> Int {
        state.withLock { $0.discards[Key(entry), default: 0] }
    }

    /// Removes the file of a transfer that has ended, unless another transfer waits for it.
    func release(_ transfer: Transfer) async throws(TranshipError) {
        let key = Key(transfer.source)
        let entry = state.withLock { state in
            state.filling.contains(key) ? nil : state.entries[key]
        }
        guard let entry, try await !journal.isNeeded(entry, run: run) else { return }
        try await discard(entry)
    }

    /// Records that the run starts nothing more for this target. Its files are kept for the next
    /// run, unless other images need their space.
    func pause(_ targetKey: String) { paused.withLock { _ = $0.insert(targetKey) } }

    /// Removes the files that only images of paused targets wait for.
    func makeRoom() async throws(TranshipError) {
        let paused = paused.withLock(\.self)
        guard !paused.isEmpty else { return }
        let idle = state.withLock { state in
            Array(state.entries.filter { !state.filling.contains($0.key) }.values)
        }
        for entry in idle {
            let isNeeded = try await journal.isNeeded(entry, run: run, excludingTargets: paused)
            if !isNeeded { try await discard(entry, unlessFilled: true) }
        }
    }

    /// Decides what to do about a file that found no room. Call it before ``leave(_:)``, so that no
    /// other transfer fills the same file in between.
    ///
    /// - Parameter before: the value of ``removalCount`` when the filling began.
    func shortage(of entry: SpoolEntry, removalsBefore before: Int) -> Shortage {
        let key = Key(entry)
        return state.withLock { state in
            state.starved[key] = before
            if state.mayMakeRoom(besides: key) { return .mayEnd }
            if state.removals != before { return .hasEnded }
            let others = state.entries.filter { $0.key != key }
            return others.isEmpty ? .stays : .blocksOthers
        }
    }

    /// The number of files that were removed so far.
    var removalCount: Int { state.withLock { $0.removals } }

    func waits(_ transfer: Transfer) {
        state.withLock { $0.waiting[transfer.id] = $0.changes }
    }

    /// Wakes the transfer if something changed before its wait was recorded. Call it after the
    /// journal has recorded that wait.
    func waitIsWritten(_ transfer: Transfer) async throws(TranshipError) {
        let isLate = state.withLock { state in
            state.waiting[transfer.id].map { $0 != state.changes } ?? false
        }
        guard isLate else { return }
        try await journal.wake([transfer.id])
        onChange.withLock { $0 }?()
    }

    /// Returns true only at the first call.
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

/// The cause of an error: the spool has no room now, but may have some later.
struct NoRoom: Error {}
