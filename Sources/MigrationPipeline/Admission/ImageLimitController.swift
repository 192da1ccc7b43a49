// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Finds the number of images that one target should take at once, from how fast images end.
///
/// Pure: the caller passes all times in. It works in rounds. A round ends when about as many images
/// have ended as may be in flight, and measures the work that ended per second. As long as a higher
/// number increases that rate, the number doubles (slow start), and later grows by an eighth. If
/// the rate does not increase, the number returns to the one before. After a hold, a lower number
/// is tried: if fewer images do as much work, each takes less time. Each trial that fails makes the
/// next hold longer. The number goes down at once if the rate drops although the number is the
/// same, because images take longer, or if the service refuses requests (429, 503).
struct ImageLimitController {
    /// More connections have not made any service faster.
    static let imagesCeiling = 64

    /// The number of images in flight that the controller allows now.
    private(set) var images: Int
    /// The upper bound of ``images``.
    let imagesMax: Int
    private var doubles: Bool
    /// The number of rounds before the next trial.
    private var roundsToHold = 0
    /// The length of the next hold, in rounds.
    private var holdRounds = 4
    /// True if the next trial is of a lower number.
    private var triesLower = false
    /// The last round before the current trial; nil if no trial is active.
    private var before: (images: Int, rate: Double)?
    /// The last full round.
    private var last: (images: Int, rate: Double)?
    private var round: Round?
    /// The time of the last change. Images that began before it say nothing about the present
    /// number.
    private var changedAt = Int64.min
    private(set) var hasLearned = false
    /// The number of images that ended since the allowed number was last in flight.
    private var endsSinceFull = 0

    /// The fraction of the growth in images by which the work has to grow for a trial to succeed.
    private static let worthwhile = 0.35

    private struct Round {
        let startedAt: Int64
        var ended = 0
        var work = 0.0
    }

    /// - Parameters:
    ///   - experience: the result of an earlier run; nil without one.
    ///   - most: upper bound of the number, such as the target's quota.
    init(_ experience: PaceExperience? = nil, most: Int) {
        imagesMax = max(1, min(most, Self.imagesCeiling))
        images = min(imagesMax, max(1, experience?.images ?? ImagesAtOnce.first))
        doubles = experience?.isSettled != true
    }

    /// The experience to pass to the next run; nil before the first round is over.
    var experience: PaceExperience? {
        hasLearned ? PaceExperience(images: images, isSettled: !doubles) : nil
    }

    /// The work of an image: its bytes plus a fixed cost, which every image has.
    private static func work(_ bytes: Int64) -> Double { Double(max(0, bytes)) + 8_388_608 }

    /// Records the start of an image.
    ///
    /// - Parameter inFlight: the number of images in flight, including this one.
    mutating func began(inFlight: Int) {
        if inFlight >= images { endsSinceFull = 0 }
    }

    /// Records the end of an image: its data is at the target.
    ///
    /// - Parameter beganAt: the time at which its data began to move; like `now`, in milliseconds
    ///   since 1970.
    mutating func ended(bytes: Int64, beganAt: Int64, now: Int64) {
        endsSinceFull += 1
        // A few images may end before the next ones begin. If more do, there is too little work,
        // and the time says nothing about the number.
        guard endsSinceFull <= images else {
            round = nil
            return
        }
        guard var current = round else {
            // The first end only starts the clock, unless its image began under another number.
            if beganAt >= changedAt { round = Round(startedAt: now) }
            return
        }
        current.ended += 1
        current.work += Self.work(bytes)
        round = current
        guard current.ended >= max(4, images), now > current.startedAt else { return }
        round = Round(startedAt: now)
        judge(
            rate: current.work / (Double(now.clampedDifference(current.startedAt)) / 1000), now: now
        )
    }

    /// Records a refusal because of load: 429, 503, or no answer in time.
    mutating func overloaded(beganAt: Int64, now: Int64) {
        // Several refusals in one burst count once.
        guard beganAt >= changedAt else { return }
        hasLearned = true
        start(with: images / 2, now: now)
        hold()
    }

    private mutating func judge(rate: Double, now: Int64) {
        hasLearned = true
        let previous = last
        last = (images, rate)
        if let trial = before {
            before = nil
            // Twice as many images must do about a third more work. Other ratios are in proportion,
            // for fewer images, too.
            let growth = Double(images) / Double(trial.images) - 1
            guard rate >= trial.rate * (1 + Self.worthwhile * growth) else {
                if !doubles { triesLower.toggle() }
                start(with: trial.images, now: now)
                return hold()
            }
            holdRounds = 4
        } else if let previous, previous.images == images, rate < previous.rate * 0.6 {
            start(with: images * 3 / 4, now: now)
            return hold()
        }
        guard roundsToHold == 0 else {
            roundsToHold -= 1
            return
        }
        let step = doubles ? images : max(1, images / 8)
        let next = triesLower ? max(1, images - step) : min(imagesMax, images + step)
        guard next != images else {
            triesLower.toggle()
            return hold()
        }
        before = (images, rate)
        change(to: next, now: now)
    }

    private mutating func hold() {
        doubles = false
        roundsToHold = holdRounds
        holdRounds = min(64, holdRounds * 2)
    }

    private mutating func start(with next: Int, now: Int64) {
        before = nil
        last = nil
        change(to: max(1, next), now: now)
    }

    private mutating func change(to next: Int, now: Int64) {
        images = next
        changedAt = now
        round = nil
    }
}
