// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
package import MigrationModel

/// With `limits.images: auto`, each Image service gets as many images at once as let the most work
/// end. `ImageLimitController` decides; here it is asked and informed.
extension Scheduler {
    /// One controller for each Image service of the targets.
    static func controllers(
        _ stages: Stages, _ limits: Limits
    ) -> [String: ImageLimitController] {
        stages.targets.reduce(into: [:]) { controllers, target in
            let quota = min(target.limits.images ?? .max, target.limits.uploading ?? .max)
            // The targets of many projects share one service, each with a quota of its own.
            let known = controllers[target.endpoint]?.imagesMax ?? 0
            controllers[target.endpoint] = ImageLimitController(
                limits.experience[target.endpoint], most: max(known, min(quota, limits.images)))
        }
    }

    /// What the next run begins with: of each Image service about which this one learned something.
    package var experience: [String: PaceExperience] {
        state.withLock { $0.controllers.compactMapValues(\.experience) }
    }

    /// Images of all targets together whose data may move now.
    var movingMax: Int {
        state.withLock { state in
            guard case .atMost(let images) = state.imagesAtOnce else {
                let sum = state.controllers.values.reduce(0) { $0 + $1.images }
                return min(limits.images, max(1, sum))
            }
            return images
        }
    }

    /// Returns true if the service of the target may get one more image.
    func paceAdmits(_ endpoint: String, moving: Int) -> Bool {
        state.withLock { state in
            guard state.imagesAtOnce == .automatic,
                let controller = state.controllers[endpoint]
            else { return true }
            return moving < controller.images
        }
    }

    /// The images whose data moves to targets at an endpoint.
    func moving(_ busy: some Sequence<Busy>, to endpoint: String) -> Int {
        let sharing = Set(stages.targets.filter { $0.endpoint == endpoint }.map(\.key))
        return busy.count { $0.movesData && sharing.contains($0.targetKey) }
    }

    /// Takes the start of a trip, and makes the transfer busy.
    func noteStart(_ transfer: Transfer, _ entry: Busy) {
        let endpoint = targetEndpoint(of: transfer)
        state.withLock { state in
            state.busy[transfer.id] = entry
            guard entry.movesData, state.imagesAtOnce == .automatic else { return }
            state.controllers[endpoint]?.began(inFlight: moving(state.busy.values, to: endpoint))
        }
    }

    /// Takes the end of a trip: a sample, if the trip brought all data of an image to its target.
    func notePace(_ given: Transfer, to transfer: Transfer) {
        // What a service fetches itself takes no time here.
        guard !given.method.isServerSide, !transfer.state.movesData else { return }
        let (endpoint, now) = (targetEndpoint(of: given), now())
        state.withLock { state in
            guard state.imagesAtOnce == .automatic, let own = state.busy[given.id], own.movesData
            else { return }
            state.controllers[endpoint]?.ended(
                bytes: transfer.sizeBytes ?? 0, beganAt: own.startedAt, now: now)
        }
    }

    /// Takes a failure: a sign of too much load, if the service says so.
    func notePace(_ given: Transfer, after error: TranshipError) {
        guard given.state.movesData, [429, 503].contains(error.answer?.status) else { return }
        let (endpoint, now) = (targetEndpoint(of: given), now())
        state.withLock { state in
            guard state.imagesAtOnce == .automatic, let own = state.busy[given.id] else { return }
            state.controllers[endpoint]?.overloaded(beganAt: own.startedAt, now: now)
        }
    }
}
