// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// An event during planning.
public enum PlanningEvent: Sendable {
    case listing(what: String, images: Int)
    /// The plan now asks the place `what`, which has this number among all places, from 1.
    case asking(what: String, number: Int, of: Int)
    case warning(Warning)
}

/// An event of a run, for progress and logs.
///
/// Events do not report bytes: a progress display asks for ``RunProgress`` each time it draws.
public enum RunEvent: Sendable {
    case started(Transfer)
    case moved(Transfer)
    case waiting(Transfer, seconds: Double)
    case retrying(Transfer, error: TranshipError, seconds: Double)
    case ended(Transfer)
    case note(Transfer, TransferNotice)
    /// The transfer waits for an endpoint that does not answer. Another event, a notice of the run,
    /// reports the outage itself.
    case waitsForEndpoint(Transfer, TransferNotice)
    /// A change of an earlier version has ended.
    case changed(Change)
    /// A notice about the run, not about a single image.
    case notice(RunNotice)
}

/// The whole run at one moment.
public struct RunProgress: Sendable {
    /// The images in flight.
    public var active: [(transfer: Transfer, doneBytes: Int64)] = []
    /// Images that began and wait for their next step: a look at an import, another try.
    public var waiting: [Transfer] = []
    /// The bytes that this process moved into the spool and to targets, for ended and active
    /// images.
    public var movedBytes: Int64 = 0
    /// The part of ``movedBytes`` that went to a target.
    public var sentBytes: Int64 = 0
    /// The bytes of the images that ended in this process.
    public var endedBytes: Int64 = 0
    public var endedImages = 0
    /// The images in ``endedImages`` that failed or were left unpublished.
    public var failedImages = 0
    /// Services and hosts that do not answer now.
    public var outages: [Outage] = []

    /// An endpoint that does not answer. Times are in milliseconds since 1970.
    public struct Outage: Sendable, Codable, Hashable {
        /// The targets at the endpoint, or the endpoint itself.
        public let name: String
        public let since: Int64
        /// The next time that an image tries the endpoint; nil while an image tries it.
        public let nextTryAt: Int64?
        /// The time at which the run stops waiting for the endpoint.
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
