// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import MigrationJournal
internal import MigrationModel

/// The limits of a run, kept up to date: those of its pipeline file for the time of day, or those
/// that `tranship limit` wrote into the journal.
final class RunLimits: Sendable {
    /// The limits of the pipeline file, and the abilities of this process.
    struct Settings: Sendable {
        var bandwidth: BandwidthSchedule
        var images: ImagesAtOnce
        /// The number of images for which this process may open enough files.
        var imagesMax: Int

        /// Returns the number of images at once that the operator or the file sets.
        func images(_ override: LimitOverride) -> ImagesAtOnce {
            guard case .atMost(let wanted) = override.images else { return images }
            return .atMost(min(wanted, imagesMax))
        }

        func bytesPerSecond(_ override: LimitOverride, atMinute minute: Int) -> Int64? {
            switch override.bandwidth {
            case .asInFile: bandwidth.bytesPerSecond(atMinute: minute)
            case .unlimited: nil
            case .atMost(let bytes): bytes
            }
        }

        /// Returns the rate for people; a rate of the file includes the next change.
        func rate(_ override: LimitOverride, atMinute minute: Int) -> String {
            override.bandwidth == .asInFile
                ? bandwidth.words(atMinute: minute)
                : BandwidthSchedule.words(bytesPerSecond(override, atMinute: minute))
        }
    }

    let limiter: BandwidthLimiter
    private let settings: Settings
    private let journal: Journal
    private let run: Run
    private let now: @Sendable () -> Int64
    private let notice: @Sendable (RunNotice) -> Void
    private let override = Guarded(LimitOverride())

    private static let lookSeconds = 1.0

    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - notice: called with each change of a limit.
    init(
        _ settings: Settings, of run: Run, in journal: Journal,
        now: @escaping @Sendable () -> Int64, notice: @escaping @Sendable (RunNotice) -> Void
    ) {
        self.settings = settings
        self.run = run
        self.journal = journal
        self.now = now
        self.notice = notice
        limiter = BandwidthLimiter(
            bytesPerSecond: settings.bandwidth.bytesPerSecond(
                atMinute: LocalTime.minuteOfDay(now())))
    }

    /// The rate that is in force now; nil means unlimited.
    var bytesPerSecond: Int64? { limiter.bytesPerSecond }

    /// Does the work, and keeps the limits up to date during the work.
    ///
    /// - Parameter setImages: called with the new number of images in flight when it changes.
    func following(
        _ setImages: @escaping @Sendable (ImagesAtOnce) -> Void,
        work: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        // No other process can reach a journal in memory, and a simulation has its own clock.
        guard !journal.isInMemory else { return try await work() }
        // A run that goes on after an interruption keeps the limits that an operator set.
        await look(setImages)
        let looking = Task {
            while (try? await Task.sleep(for: .seconds(Self.lookSeconds))) != nil {
                await look(setImages)
            }
        }
        let failure: TranshipError?
        do throws(TranshipError) {
            try await work()
            failure = nil
        } catch {
            failure = error
        }
        looking.cancel()
        // Wait for this task, since it keeps the journal and its lock.
        await looking.value
        if let failure { throw failure }
    }

    /// Applies the limits that are in force now. Sends a notice if they have changed.
    ///
    /// Reads one row, and writes nothing.
    func look(_ setImages: (ImagesAtOnce) -> Void) async {
        let last = override.withLock { $0 }
        // Ignore an unreadable journal here: the transfers will fail on it.
        let found = (try? await journal.limitOverride(of: run)) ?? last
        let minute = LocalTime.minuteOfDay(now())
        let rate = settings.bytesPerSecond(found, atMinute: minute)
        let isOtherRate = rate != bytesPerSecond
        if isOtherRate { limiter.change(bytesPerSecond: rate) }
        let images = settings.images(found)
        if images != settings.images(last) { setImages(images) }
        guard found != last else {
            if isOtherRate {
                notice(.bandwidthChanged(rate: settings.bandwidth.words(atMinute: minute)))
            }
            return
        }
        override.withLock { $0 = found }
        notice(
            .limitsChanged(
                rate: settings.rate(found, atMinute: minute), images,
                imagesWanted: wanted(found, besides: images)))
    }

    /// Returns the number of images at once that the operator asked for, if this process may not
    /// open enough files for it.
    private func wanted(_ override: LimitOverride, besides images: ImagesAtOnce) -> Int? {
        guard case .atMost(let wanted) = override.images, case .atMost(let most) = images,
            wanted > most
        else { return nil }
        return wanted
    }
}
