// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import OpenStackImage
import Synchronization
public import TestSupport

/// A small Image service in memory, on a raw server: for states and answers
/// that a real one cannot be put in. What a real one can show is tested
/// against a real one.
///
/// It knows records, data, tasks, members and burned ids. A test may answer any
/// request itself with ``refuse(_:_:status:text:)`` and looks at ``asked``.
public final class FakeGlance: Sendable {
    public let server: RawHTTPServer
    let state: FakeState

    public init() throws {
        let state = FakeState()
        self.state = state
        server = try RawHTTPServer { request in
            if let reply = state.scripted(request) { return reply }
            return state.reply(to: request)
        }
    }

    /// A client without Keystone.
    public var service: ImageService {
        ImageService(
            CloudSession(
                CloudConfiguration(
                    name: "fake", authentication: .none, imageEndpointOverride: server.url)))
    }

    /// Method and path of every request so far.
    public var asked: [String] { server.requests.map { "\($0.method) \($0.path)" } }

    /// Those that change something.
    public var changes: [String] { asked.filter { !$0.hasPrefix("GET") } }

    // MARK: What stands there

    public func image(_ id: String) -> [String: JSONValue]? {
        state.contents.withLock { $0.images[id] }
    }

    /// Puts a record there, or changes one.
    public func put(_ id: String, _ fields: [String: JSONValue]) {
        state.contents.withLock { contents in
            var record = contents.images[id] ?? FakeState.blank(id)
            for (key, value) in fields { record[key] = value }
            contents.images[id] = record
        }
    }

    /// Puts an active image with data there.
    public func put(
        _ id: String, data: [UInt8], _ fields: [String: JSONValue] = [:]
    ) throws {
        try state.store(data, in: id)
        put(id, fields)
    }

    public func data(_ id: String) -> [UInt8]? { state.contents.withLock { $0.data[id] } }

    /// As if the image had been there and was deleted.
    public func burn(_ id: String) {
        state.contents.withLock { contents in
            contents.images[id] = nil
            contents.burned.insert(id)
        }
    }

    public func isBurned(_ id: String) -> Bool {
        state.contents.withLock { $0.burned.contains(id) }
    }

    public func setTasks(_ tasks: [[String: JSONValue]], of id: String) {
        state.contents.withLock { $0.tasks[id] = tasks }
    }

    public func setMembers(_ members: [String], of id: String) {
        state.contents.withLock { $0.members[id] = members }
    }

    public func members(of id: String) -> [String] {
        state.contents.withLock { $0.members[id] ?? [] }
    }

    /// Imports end from now on, each when its image is looked at.
    public func endImports() {
        state.contents.withLock { $0.endsImports = true }
    }

    // MARK: What it is made to answer

    /// Answers such requests with an error, for ever or so many times.
    public func refuse(
        _ method: String, _ path: String, status: Int, text: String = "no", times: Int = .max,
        where condition: @escaping @Sendable (ReceivedRequest) -> Bool = { _ in true }
    ) {
        answer(method, path, times: times, with: .status(status, text: text), where: condition)
    }

    /// Answers such requests in the test's own way.
    public func answer(
        _ method: String, _ path: String, times: Int = .max, with reply: Reply,
        where condition: @escaping @Sendable (ReceivedRequest) -> Bool = { _ in true }
    ) {
        state.contents.withLock { contents in
            contents.scripts.append(
                FakeState.Script(times: times, reply: reply) {
                    $0.method == method && $0.path == path && condition($0)
                })
        }
    }
}
