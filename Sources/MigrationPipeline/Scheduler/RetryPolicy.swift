// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationModel

/// Decides what to do after a failed try.
///
/// Pure: the caller passes the random number in, so that tests can choose it.
public struct RetryPolicy: Sendable {
    /// Tries per transfer and run, the first one included.
    public var attemptsMax: Int
    /// The longest wait between two tries, in seconds, unless the service asks for
    /// another one.
    public var backoffSecondsMax: Double

    /// Number of failures in a row after which an endpoint's images wait for it.
    public var outageFailures = 5
    /// How long the first look waits at an endpoint that does not answer; it
    /// doubles up to twelve times as much. In seconds.
    public var probeSeconds: Double = 5
    /// How long a run waits for an endpoint that does not answer, in seconds.
    public var outageSecondsMax: Double = 1800

    /// After how long a target that did not answer is asked again for what follows its transfers, in
    /// milliseconds.
    public var followUpMilliseconds: Int64 = 60_000

    /// The longest wait that a service may ask for, in seconds. What asks for more is left to a
    /// later run: a run that waited would hold its journal, and the images that are done.
    public static let waitSecondsMax = 900
    /// Lower bound of the run-wide retry budget.
    public var runTriesMin = 100
    /// Failed tries of all images of a run together: two for each image, and
    /// never fewer than ``runTriesMin``. What fails after that is not tried again.
    public func runBudget(images: Int) -> Int { max(runTriesMin, 2 * images) }
    /// Tries after an unexpected state, spooled data that is damaged
    /// included.
    public static let surprisesMax = 2
    /// Tries of data that is not what was promised, the first one included. More than one, since
    /// another mirror of a pool may have the right data; few, since each reads all of it.
    public static let otherDataMax = 3

    public init(attemptsMax: Int, backoffSecondsMax: Double = 60) {
        self.attemptsMax = attemptsMax
        self.backoffSecondsMax = backoffSecondsMax
    }

    public enum Decision: Sendable, Hashable {
        case retry(afterSeconds: Double)
        case giveUp
    }

    /// The tries that count towards ``attemptsMax``. Those that met an unexpected state have a
    /// limit of their own: a service that stumbles over the rest of a body that broke off would use
    /// up the tries of an image to which nothing happened but that one break.
    func counted(_ attempts: Int, _ surprises: Int) -> Int {
        attemptsMax > 1 ? attempts - min(surprises, Self.surprisesMax) : attempts
    }

    /// - Parameters:
    ///   - attempts: failed tries so far, this one included.
    ///   - surprises: those of them that met an unexpected state, this one
    ///     included.
    ///   - hasMirrors: true if the source has a promise, and another server may answer the next time.
    ///   - chance: uniformly from 0 up to 1, for full jitter.
    public func decide(
        _ error: TranshipError, attempts: Int, surprises: Int = 0, hasMirrors: Bool = false,
        chance: Double
    ) -> Decision {
        let mayPass =
            error.isTransient || error.isSurprise && surprises <= Self.surprisesMax
            || hasMirrors && error.isOtherData && attempts < Self.otherDataMax
        guard mayPass, counted(attempts, surprises) < attemptsMax else { return .giveUp }
        if let seconds = error.answer?.retryAfterSeconds {
            return seconds > Self.waitSecondsMax ? .giveUp : .retry(afterSeconds: Double(seconds))
        }
        var ceiling = 1.0
        for _ in 0..<min(attempts, 20) { ceiling *= 2 }
        return .retry(afterSeconds: 0.2 + chance * min(ceiling, backoffSecondsMax))
    }
}

extension TranshipError {
    /// The target's record is in an unexpected state, or gone: every try begins
    /// with a look at it, so another one may find its way.
    var isSurprise: Bool { [.conflict, .gone, .notFound].contains(code) }

    /// The data from the source has the wrong size or checksum.
    var isOtherData: Bool { [.checksumMismatch, .sourceTruncated].contains(code) }
}
