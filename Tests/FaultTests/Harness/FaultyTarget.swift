// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import TestSupport

/// A fault between Tranship and the target's Image service.
struct TargetFault: Sendable {
    /// The kind of the service's calls that the fault concerns.
    enum Call: String, Sendable {
        case create, upload, stage, importing, tasks, show, patch, delete, list
        /// Upload or stage, for both kinds of body.
        case body

        func contains(_ call: Call) -> Bool {
            call == self || (self == .body && (call == .upload || call == .stage))
        }
    }

    let call: Call
    /// The number of calls of that kind that pass before the fault.
    var after = 0
    var times = 1
    let act: @Sendable (FaultyTarget.Passage) -> Void

    init(
        _ call: Call, after: Int = 0, times: Int = 1,
        _ act: @escaping @Sendable (FaultyTarget.Passage) -> Void
    ) {
        self.call = call
        self.after = after
        self.times = times
        self.act = act
    }
}

/// A server in front of a real Image service. Passes everything on, except for the faults. Their
/// effects on the service are real.
final class FaultyTarget: Sendable {
    /// One request on its way to the service.
    struct Passage {
        let exchange: RawExchange
        /// The address of the real service.
        let service: String
        /// The folder with the service's data.
        let folder: String
        /// Returns the number of times that the source's data was requested.
        let readings: @Sendable () -> Int
        /// The closures that end the fault.
        fileprivate let undoing: Guarded<[@Sendable () -> Void]>

        var imageID: String { String(imagePath.split(separator: "/").last ?? "") }

        var imagePath: String {
            let parts = exchange.request.path.split(separator: "/")
            return "/v2/images/\(parts.count > 2 ? parts[2] : "")"
        }

        /// Passes the request on without a fault.
        func pass() {
            guard let answer = exchange.pass(to: service) else { return exchange.close() }
            exchange.answer(answer)
        }

        /// Lets the service perform the whole request, and loses the answer.
        func loseAnswer() {
            _ = exchange.pass(to: service)
            exchange.reset()
        }

        /// Passes the given number of bytes of the body to the service, then breaks both
        /// connections.
        func reset(afterBytes bytes: Int64) {
            if bytes > 0 { _ = exchange.pass(to: service, bodyBytes: bytes) }
            exchange.reset()
        }

        /// Cuts Tranship off, while the service waits for the rest of the body until the target is
        /// healed.
        func hold(afterBytes bytes: Int64) {
            if let body = exchange.begin(at: service, bodyBytes: bytes) {
                undoing.withLock { $0.append { withExtendedLifetime(body) {} } }
            }
            exchange.reset()
        }

        /// Answers in place of the service, without waiting for the body.
        func refuse(
            _ status: Int, _ text: String, afterBytes bytes: Int64 = 0,
            headers: [(String, String)] = []
        ) {
            if bytes > 0 { exchange.readBody(atMost: bytes) }
            let isWhole = bytes == .max
            exchange.sendHead(status, headers + [("Content-Length", "\(text.utf8.count)")])
            exchange.send(text)
            if !isWhole { exchange.close() }
        }

        /// Passes the request on, and calls a closure when half of the body has arrived.
        func pass(whenHalf act: () -> Void) {
            let half = exchange.request[header: "content-length"].flatMap { Int64($0) } ?? 2
            var isDone = false
            let answer = exchange.pass(to: service) { passed in
                guard !isDone, passed >= half / 2 else { return }
                isDone = true
                act()
            }
            guard let answer else { return exchange.close() }
            exchange.answer(answer)
        }

        /// Passes an import on, and waits until the service reads from the source.
        func passUntilRead() {
            pass()
            for _ in 0..<2000 where readings() == 0 { usleep(5000) }
        }

        /// Shows the service's image with changes.
        func show(with changes: [String: JSONValue]) {
            guard let answer = exchange.pass(to: service), answer.status == 200,
                var image = (try? JSONDecoder().decode(JSONValue.self, from: Data(answer.body)))?
                    .object
            else { return exchange.close() }
            // Even a service that lies about data reports nothing while it has none.
            image.merge(changes) { $0 == .null ? .null : $1 }
            var changed = answer
            changed.body =
                (try? JSONEncoder().encode(JSONValue.object(image))).map(Array.init) ?? []
            exchange.answer(changed)
        }

        /// Changes the image as another client with our rights.
        func patch(_ property: String, _ value: String) {
            let text = #"[{"op":"add","path":"/\#(property)","value":"\#(value)"}]"#
            _ = exchange.ask(
                "PATCH", imagePath, of: service,
                mediaType: "application/openstack-images-v2.1-json-patch", body: Array(text.utf8))
        }

        /// Passes the request on, while a folder blocks the place where a store would put the
        /// image, until the target is healed.
        func blockStore(_ store: String) {
            let place = "\(folder)/\(store)/\(imageID)"
            try? FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: false)
            undoing.withLock {
                $0.append { try? FileManager.default.removeItem(atPath: place) }
            }
            pass()
        }

        /// Deletes the image as another client with our rights.
        func deleteImage() { _ = exchange.ask("DELETE", imagePath, of: service) }
    }

    private struct State {
        var isOn = true
        var seen: [Int: Int] = [:]
    }

    private let server: RawHTTPServer
    private let state: Guarded<State>
    private let undoing = Guarded<[@Sendable () -> Void]>([])

    /// - Parameters:
    ///   - folder: the folder with the service's data.
    ///   - readings: returns the number of times that the source's data was requested.
    init(
        before service: String, _ faults: [TargetFault], folder: String,
        readings: @escaping @Sendable () -> Int
    ) throws {
        let state = Guarded(State())
        let undoing = undoing
        self.state = state
        server = try RawHTTPServer { request in
            let call = Self.call(of: request)
            let fault: TargetFault? = state.withLock { state in
                guard state.isOn, let call else { return nil }
                for (index, fault) in faults.enumerated() where fault.call.contains(call) {
                    let number = state.seen[index, default: 0]
                    state.seen[index] = number + 1
                    let end = fault.times == .max ? .max : fault.after + fault.times
                    if number >= fault.after, number < end { return fault }
                }
                return nil
            }
            return Reply { exchange in
                let passage = Passage(
                    exchange: exchange, service: service, folder: folder, readings: readings,
                    undoing: undoing)
                if let fault { fault.act(passage) } else { passage.pass() }
            }
        }
    }

    var url: String { server.url }
    var requests: [ReceivedRequest] { server.requests }

    /// Ends the faults.
    func heal() {
        state.withLock { $0.isOn = false }
        let undone = undoing.withLock { undoing in
            defer { undoing = [] }
            return undoing
        }
        for undo in undone { undo() }
    }

    /// Returns the number of requests of one kind.
    func count(_ call: TargetFault.Call) -> Int {
        server.requests.count { Self.call(of: $0).map(call.contains) ?? false }
    }

    private static func call(of request: ReceivedRequest) -> TargetFault.Call? {
        let parts = request.path.split(separator: "/")
        guard parts.count >= 2, parts[0] == "v2", parts[1] == "images" else { return nil }
        switch (request.method, parts.count, parts.last) {
        case ("POST", 2, _): return .create
        case ("GET", 2, _): return .list
        case ("GET", 3, _): return .show
        case ("PATCH", 3, _): return .patch
        case ("DELETE", 3, _): return .delete
        case ("PUT", 4, "file"): return .upload
        case ("PUT", 4, "stage"): return .stage
        case ("POST", 4, "import"): return .importing
        case ("GET", 4, "tasks"): return .tasks
        default: return nil
        }
    }
}
