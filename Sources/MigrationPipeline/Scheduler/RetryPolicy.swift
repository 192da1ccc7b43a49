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
    /// The longest wait between two tries, in seconds, unless the service asks for another wait.
    public var backoffSecondsMax: Double

    /// The number of failures in a row after which an endpoint's images wait for the endpoint.
    public var outageFailures = 5
    /// The time before the first probe of an endpoint that does not answer, in seconds. It doubles
    /// up to twelve times this value.
    public var probeSeconds: Double = 5
    /// The time that a run waits for an endpoint that does not answer, in seconds.
    public var outageSecondsMax: Double = 1800

    /// The time after which a target that did not answer is asked again for its follow-ups, in
    /// milliseconds.
    public var followUpMilliseconds: Int64 = 60_000

    /// The longest wait that a service may ask for, in seconds. If a service asks for more, the
    /// image is left to a later run: a run that waited would hold its journal, and the images that
    /// are done.
    public static let waitSecondsMax = 900
    /// Lower bound of the run-wide retry budget.
    public var runTriesMin = 100
    /// Returns the number of failed tries that all images of a run may have together: two for each
    /// image, but at least ``runTriesMin``. After that, nothing is tried again.
    public func runBudget(images: Int) -> Int { max(runTriesMin, 2 * images) }
    /// The maximum number of tries after an unexpected state, which includes damaged spooled data.
    public static let surprisesMax = 2
    /// The maximum number of tries if the data is not the promised data, the first one included.
    /// More than one, because another mirror of a pool may have the right data. Few, because each
    /// try reads all data.
    public static let otherDataMax = 3

    public init(attemptsMax: Int, backoffSecondsMax: Double = 60) {
        self.attemptsMax = attemptsMax
        self.backoffSecondsMax = backoffSecondsMax
    }

    public enum Decision: Sendable, Hashable {
        case retry(afterSeconds: Double)
        case giveUp
    }

    /// Returns the number of tries that count towards ``attemptsMax``. Tries that met an unexpected
    /// state have a limit of their own. Otherwise a service that stumbles over the rest of a broken
    /// body would use up the tries of an image, although only one connection broke.
    func counted(_ attempts: Int, _ surprises: Int) -> Int {
        attemptsMax > 1 ? attempts - min(surprises, Self.surprisesMax) : attempts
    }

    /// Decides whether a failed transfer is tried again.
    ///
    /// - Parameters:
    ///   - attempts: the number of failed tries so far, including this one.
    ///   - surprises: the number of those tries that met an unexpected state, including this one.
    ///   - hasMirrors: true if the source has a promise, and another server may answer next time.
    ///   - chance: a random number from 0 up to 1, uniformly distributed, for full jitter.
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
    /// True if the target's record is in an unexpected state, or gone. Every try begins with a look
    /// at the record, so another try may succeed.
    var isSurprise: Bool { [.conflict, .gone, .notFound].contains(code) }

    /// True if the data from the source has the wrong size or checksum.
    var isOtherData: Bool { [.checksumMismatch, .sourceTruncated].contains(code) }
}
