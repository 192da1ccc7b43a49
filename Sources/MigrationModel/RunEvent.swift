// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What happens while the plan is made.
public enum PlanningEvent: Sendable {
    case listing(what: String, images: Int)
    case warning(String)
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
    case note(Transfer, String)
    /// A change of an earlier version has ended.
    case changed(Change)
    /// Concerns the run, not a single image.
    case notice(String)
}

/// The whole run at one moment.
public struct RunProgress: Sendable {
    /// The images in flight.
    public var active: [(transfer: Transfer, doneBytes: Int64)] = []
    /// Bytes moved by this process, of ended and of active images.
    public var movedBytes: Int64 = 0
    /// Bytes of images that ended in this process.
    public var endedBytes: Int64 = 0
    public var endedImages = 0

    public init() {}
}
