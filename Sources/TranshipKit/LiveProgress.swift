// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
public import MigrationModel

/// The progress of a run at one moment, exact to the byte.
///
/// The journal has only what was committed. A process that shows progress also writes this beside
/// its journal, so that `status` in another process can show the bytes within an image.
public struct LiveProgress: Codable, Sendable, Hashable {
    /// An image in flight.
    public struct Image: Codable, Sendable, Hashable {
        public var name: String
        public var target: String
        public var state: TransferState
        public var doneBytes: Int64
        /// The size; nil if the source has not reported it.
        public var sizeBytes: Int64?
        /// The bytes per second over the last seconds; 0 while no data moves.
        public var bytesPerSecond: Double
        /// The time at which the image entered this state.
        public var stateSince: Int64
        /// True if the image waits for another try.
        public var isWaiting: Bool

        public init(
            name: String, target: String, state: TransferState, doneBytes: Int64,
            sizeBytes: Int64?, bytesPerSecond: Double = 0, stateSince: Int64,
            isWaiting: Bool = false
        ) {
            self.name = name
            self.target = target
            self.state = state
            self.doneBytes = doneBytes
            self.sizeBytes = sizeBytes
            self.bytesPerSecond = bytesPerSecond
            self.stateSince = stateSince
            self.isWaiting = isWaiting
        }
    }

    /// The cause for which the run waits while it moves no data.
    public struct Standstill: Codable, Sendable, Hashable {
        /// The name of the image that waits, or of the first one.
        public var name: String
        public var reason: WaitReason
        public var otherImages: Int

        /// Returns nil if an image is in flight, or if no image has a reason to wait. An import has
        /// its own line.
        public init?(_ progress: RunProgress) {
            guard progress.active.isEmpty, progress.outages.isEmpty,
                let first = progress.waiting.first(where: {
                    $0.state.movesData && $0.wait.cause != nil
                }),
                let cause = first.wait.cause
            else { return nil }
            name = first.source.displayName
            reason = cause
            otherImages = progress.waiting.count - 1
        }

        /// The cause for people, in one line.
        public var words: String {
            name.withControlsShown
                + (otherImages > 0 ? " and \(counted(otherImages, "other"))" : "")
                + " waiting: \(reason.words)"
        }
    }

    public var runID: Int64
    public var processID: Int32
    /// The time at which this process began to work, in milliseconds since 1970 like all times
    /// here.
    public var startedAt: Int64
    public var at: Int64
    /// The images that this process had to move when it began, and their bytes.
    public var totalImages: Int
    public var totalBytes: Int64
    /// The number of these images that have ended, including failed ones.
    public var endedImages: Int
    public var failedImages: Int
    /// The bytes of ended images and of images in flight.
    public var doneBytes: Int64
    public var bytesPerSecond: Double
    public var images: [Image]
    public var outages: [RunProgress.Outage]
    public var standstill: Standstill?

    public init(
        runID: Int64, processID: Int32, startedAt: Int64, at: Int64, totalImages: Int,
        totalBytes: Int64, endedImages: Int, failedImages: Int, doneBytes: Int64,
        bytesPerSecond: Double, images: [Image], outages: [RunProgress.Outage] = [],
        standstill: Standstill? = nil
    ) {
        self.runID = runID
        self.processID = processID
        self.startedAt = startedAt
        self.at = at
        self.totalImages = totalImages
        self.totalBytes = totalBytes
        self.endedImages = endedImages
        self.failedImages = failedImages
        self.doneBytes = doneBytes
        self.bytesPerSecond = bytesPerSecond
        self.images = images
        self.outages = outages
        self.standstill = standstill
    }

    /// The seconds until the end at the present rate; nil while no data moves.
    public var secondsLeft: Int64? {
        guard bytesPerSecond > 1 else { return nil }
        return Int64(
            clamping: Double(max(0, totalBytes.clampedDifference(doneBytes))) / bytesPerSecond)
    }
}

extension LiveProgress {
    /// The maximum number of images in flight that the file lists. A display could not show more.
    private static let imagesMax = 100
    /// The maximum size of the file, in bytes. A longer one is not ours.
    private static let fileBytesMax = 1 << 20

    /// Returns `NAME.sqlite-progress`, beside the journal `NAME.sqlite`.
    static func path(journalPath: String) -> String { journalPath + "-progress" }

    /// Writes the file, readable only for its owner. A reader sees either the old file or the new
    /// one. Does nothing if the disk refuses: no work depends on the file.
    public func write(besideJournal journalPath: String) {
        var shown = self
        shown.images = Array(images.prefix(Self.imagesMax))
        let path = Self.path(journalPath: journalPath)
        // A named pipe in its place would block the writer.
        unlink(path + ".new")
        guard let data = try? JSONEncoder().encode(shown),
            FileManager.default.createFile(
                atPath: path + ".new", contents: data, attributes: [.posixPermissions: 0o600])
        else { return }
        _ = rename(path + ".new", path)
    }

    /// Removes the file of this process at the end of its run.
    public static func remove(besideJournal journalPath: String) {
        let path = path(journalPath: journalPath)
        for file in [path, path + ".new"] { try? FileManager.default.removeItem(atPath: file) }
    }

    /// Returns the last progress of this run that the process with the journal's lock wrote; nil if
    /// there is none.
    ///
    /// - Parameter holder: as ``RunStatus/holder``.
    public static func read(
        besideJournal journalPath: String, runID: Int64, holder: LockHolder?
    ) -> LiveProgress? {
        let path = path(journalPath: journalPath)
        guard let holder, let bytes = try? WholeFile.read(path, bytesMax: fileBytesMax),
            let found = try? JSONDecoder().decode(LiveProgress.self, from: Data(bytes)),
            found.runID == runID, holder.processID == found.processID
        else { return nil }
        return found
    }
}

extension RunStatus {
    /// The progress to the byte; nil unless a process works on the run now and writes its progress.
    public var live: LiveProgress? {
        guard run.outcome == nil else { return nil }
        return .read(besideJournal: journalPath, runID: run.id, holder: holder)
    }
}
