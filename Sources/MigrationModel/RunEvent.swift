// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What happens while the plan is made.
public enum PlanningEvent: Sendable {
    case listing(what: String, images: Int)
    /// The plan asks this place now: the number of it among all, from 1.
    case asking(what: String, number: Int, of: Int)
    case warning(Warning)
}

/// What happens in a run, for progress and logs.
///
/// Bytes are not among the events: a progress display asks for ``RunProgress`` as
/// often as it draws.
public enum RunEvent: Sendable {
    case started(Transfer)
    case moved(Transfer)
    case waiting(Transfer, seconds: Double)
    case retrying(Transfer, error: TranshipError, seconds: Double)
    case ended(Transfer)
    case note(Transfer, TransferNotice)
    /// The transfer waits for an endpoint that does not answer. The outage is a notice of its own.
    case waitsForEndpoint(Transfer, TransferNotice)
    /// A change of an earlier version has ended.
    case changed(Change)
    /// Concerns the run, not a single image.
    case notice(RunNotice)
}

/// The whole run at one moment.
public struct RunProgress: Sendable {
    /// The images in flight.
    public var active: [(transfer: Transfer, doneBytes: Int64)] = []
    /// Images that began and wait for their next step: a look at an import, another try.
    public var waiting: [Transfer] = []
    /// Bytes moved by this process, of ended and of active images, into the spool and to targets.
    public var movedBytes: Int64 = 0
    /// Of these, bytes that went to a target.
    public var sentBytes: Int64 = 0
    /// Bytes of images that ended in this process.
    public var endedBytes: Int64 = 0
    public var endedImages = 0
    /// Of these, images that failed or were left unpublished.
    public var failedImages = 0
    /// Services and hosts that do not answer now.
    public var outages: [Outage] = []

    /// An endpoint that does not answer. Times are in milliseconds since 1970.
    public struct Outage: Sendable, Codable, Hashable {
        /// The targets at the endpoint, or the endpoint itself.
        public let name: String
        public let since: Int64
        /// The next time that one image tries it; nil while one does.
        public let nextTryAt: Int64?
        /// When the run stops waiting for it.
        public let givesUpAt: Int64

        public init(name: String, since: Int64, nextTryAt: Int64?, givesUpAt: Int64) {
            self.name = name
            self.since = since
            self.nextTryAt = nextTryAt
            self.givesUpAt = givesUpAt
        }
    }

    public init() {}
}
