// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The reason why a transfer waits or starts over, with the values that matter.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum WaitReason: Codable, Hashable, Sendable {
    // MARK: The spool

    /// Another transfer is reading the source into the spool.
    case sourceIsRead
    case spoolDiskFull
    case spoolFull(takenBytes: Int64, mostBytes: Int64)
    /// The disk or the spool became full while this transfer filled its file.
    case noRoom(message: String)
    /// The spooled data is not as it was written.
    case spoolDamaged(message: String)

    // MARK: The target

    /// Another process is writing the image into an archive.
    case otherProcessWrites
    /// A body from this process broke off, and the service has not noticed that yet.
    case brokenBody(status: ImageStatus)
    case otherProcessSends(status: ImageStatus, Patience)
    /// The target has just taken the data, and answers that it has no such image.
    case copyNotShown(imageID: String)

    // MARK: Imports

    case importRequested(Patience)
    case copyRequested(stores: [String], Patience)
    /// The service refused a second import, since another one is under way.
    case importUnderWay(Patience)
    case copyUnderWay(Patience)
    /// An earlier import has ended, but the service still holds its lock.
    case importLocked(Patience)
    case importing(progress: String, Patience)
    /// The image is active, but the task of its import may still write the record.
    case importEnding(Patience)

    // MARK: Failures

    case endpointDown(String)
    /// A try failed, and the transfer is tried again.
    case tryFailed(attempt: Int, of: Int)
    case startsOver(UploadMethod, message: String)

    /// The time that a wait has taken so far, and the time that it may take.
    public struct Patience: Codable, Hashable, Sendable {
        public var waitedSeconds: Int64
        public var mostSeconds: Int64

        public init(waitedSeconds: Int64, mostSeconds: Int64) {
            self.waitedSeconds = waitedSeconds
            self.mostSeconds = mostSeconds
        }

        fileprivate var words: String {
            "; waited \(TimeSpan.format(waitedSeconds)) of at most \(TimeSpan.format(mostSeconds))"
        }
    }

    /// A stable name, as JSON writes it.
    public var code: String {
        switch self {
        case .sourceIsRead: "source-is-read"
        case .spoolDiskFull: "spool-disk-full"
        case .spoolFull: "spool-full"
        case .noRoom: "no-room"
        case .spoolDamaged: "spool-damaged"
        case .otherProcessWrites: "other-process-writes"
        case .brokenBody: "broken-body"
        case .otherProcessSends: "other-process-sends"
        case .copyNotShown: "copy-not-shown"
        case .importRequested: "import-requested"
        case .copyRequested: "copy-requested"
        case .importUnderWay: "import-under-way"
        case .copyUnderWay: "copy-under-way"
        case .importLocked: "import-locked"
        case .importing: "importing"
        case .importEnding: "import-ending"
        case .endpointDown: "endpoint-down"
        case .tryFailed: "try-failed"
        case .startsOver: "starts-over"
        }
    }

    /// True if the transfer waits for room in the spool.
    public var isForRoom: Bool {
        switch self {
        case .spoolDiskFull, .spoolFull, .noRoom: true
        default: false
        }
    }

    /// The number of looks, one second apart, for which a body of ours that broke off may keep its
    /// record busy before the record is given up. Services end a body within a second after its
    /// connection died, and a stalled body after the time-out of the socket, commonly 60 s.
    public static let brokenBodyLooksMax = 75

    /// The reason in the words of messages, reports and JSON. No other code words it.
    public var words: String {
        switch self {
        case .sourceIsRead: "its source is read into the spool for another target"
        case .spoolDiskFull: "the spool's disk is full until others are read and sent"
        case .spoolFull(let taken, let most):
            "no room in the spool: \(ByteCount.format(taken)) of \(ByteCount.format(most)) are taken"
        case .noRoom(let message), .spoolDamaged(let message): message
        case .otherProcessWrites: "another process is writing it"
        case .brokenBody(let status):
            "the target still holds a body that broke off (\(status)); after "
                + "\(Self.brokenBodyLooksMax) s the data is sent again"
        case .otherProcessSends(let status, let patience):
            "another process is sending it, or died while it did (\(status))" + patience.words
        case .copyNotShown(let id):
            "the target answers that image \(id), which it has just taken, does not exist; "
                + "Tranship looks again"
        case .importRequested(let patience): "the import was requested" + patience.words
        case .copyRequested(let stores, let patience):
            "the copy to \(stores.joined(separator: ", ")) was requested" + patience.words
        case .importUnderWay(let patience): "an import is under way" + patience.words
        case .copyUnderWay(let patience): "a copy is under way" + patience.words
        case .importLocked(let patience):
            "the service still holds the lock of an earlier import" + patience.words
        case .importing(let progress, let patience): progress + patience.words
        case .importEnding(let patience):
            "the image is active, and its import is about to end" + patience.words
        case .endpointDown(let endpoint): "waits for \(endpoint), which does not answer"
        case .tryFailed(let attempt, let most): "try \(attempt) of \(most) failed"
        case .startsOver(let method, let message): "starts over by \(method.rawValue): \(message)"
        }
    }
}
