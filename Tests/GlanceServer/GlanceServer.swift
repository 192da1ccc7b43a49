// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
package import GlanceModel
import HTTPTransport
package import OpenStackImage
package import TestSupport

/// A ``GlanceModel`` behind a socket, for states and answers that a real service cannot be made to
/// show.
///
/// A test puts images into any state, answers chosen requests itself with
/// ``refuse(_:_:status:text:times:where:)``, and reads the requests in ``asked``.
package final class GlanceServer: Sendable {
    package let server: RawHTTPServer
    private let state: ServedModel

    /// - Parameter keptBodyBytes: the number of bytes of each request's body that ``server``
    ///   records.
    package init(
        _ settings: GlanceModel.Settings = .init(), keptBodyBytes: Int = 1 << 20
    ) throws {
        let state = ServedModel(GlanceModel(settings))
        self.state = state
        server = try RawHTTPServer(keptBodyBytes: keptBodyBytes) { state.reply(to: $0) }
        let url = server.url
        state.withLock { $0.model.settings.imageURL = url }
    }

    /// The root of the Image service. Its Keystone is at `v3` below it.
    package var url: String { server.url }

    /// A client without Keystone.
    package var service: ImageService {
        ImageService(
            CloudSession(
                CloudConfiguration(
                    name: "model", authentication: .none, imageEndpointOverride: server.url)))
    }

    /// The method and path of every request so far.
    package var asked: [String] { server.requests.map { "\($0.method) \($0.path)" } }

    /// The requests that change something.
    package var changes: [String] { asked.filter { !$0.hasPrefix("GET") } }

    // MARK: State

    package func image(_ id: String) -> [String: JSONValue]? {
        state.withLock { $0.model[id]?.fields }
    }

    /// Adds or changes a record. A record that is `uploading` has staged data.
    package func put(_ id: String, _ fields: [String: JSONValue]) {
        state.withLock { state in
            state.model.put(id, fields)
            if fields["status"] == "uploading", state.model[id]?.staged == nil {
                state.model[id]?.staged = []
            }
        }
    }

    /// Adds an active image with data.
    package func put(_ id: String, data: [UInt8], _ fields: [String: JSONValue] = [:]) {
        state.withLock { state in
            state.model.store(data, in: id)
            state.model.put(id, fields)
        }
    }

    package func data(_ id: String) -> [UInt8]? {
        state.withLock { $0.model[id].flatMap { $0.data ?? $0.staged } }
    }

    /// Deletes an image, or burns an id that was never used.
    package func burn(_ id: String) { state.withLock { $0.model.remove(id) } }

    package func isBurned(_ id: String) -> Bool {
        state.withLock { $0.model.deletedIDs.contains(id) }
    }

    package func setTasks(_ tasks: [[String: JSONValue]], of id: String) {
        state.withLock { $0.model[id]?.tasks = tasks }
    }

    package func setMembers(_ members: [String], of id: String) {
        state.withLock { state in
            state.model.put(id)
            state.model[id]?.members = members.map { .init(project: $0) }
        }
    }

    package func members(of id: String) -> [String] {
        state.withLock { $0.model[id]?.members.map(\.project) ?? [] }
    }

    /// The active images with their data, all at one moment. If an image were deleted between two
    /// looks, it would seem to have no data.
    package var active: [(id: String, fields: [String: JSONValue], data: [UInt8])] {
        state.withLock { state in
            state.model.images.compactMap { id, image in
                guard image.fields["status"] == "active" else { return nil }
                return (id, image.fields, image.data ?? [])
            }
        }
    }

    /// The ids of all images, in no order.
    package var ids: [String] { state.withLock { Array($0.model.images.keys) } }

    /// Makes each later import end as soon as a client reads its image.
    ///
    /// - Parameter data: the data that the service fetched; nil for staged data.
    package func endImports(fetching data: [UInt8]? = nil) {
        state.withLock { $0.endsImports = .some(data) }
    }

    /// Changes the service's configuration.
    package func configure(_ change: @Sendable (inout GlanceModel.Settings) -> Void) {
        state.withLock { change(&$0.model.settings) }
    }

    /// Sets a closure that is called before the body of an upload is read, on the thread of its
    /// connection.
    package func holdBodies(_ hold: @escaping @Sendable () -> Void) {
        state.withLock { $0.holdBody = hold }
    }

    /// Lets images with this data share one copy of it in memory.
    package func share(_ data: [UInt8]) { state.withLock { $0.shared = data } }

    /// Sets a closure that is called after each request without image data, with the request and
    /// all images as it left them.
    package func afterEachRequest(
        _ body: @escaping @Sendable (_ request: String, _ images: [[String: JSONValue]]) -> Void
    ) {
        state.withLock { $0.watch = body }
    }

    /// Gives new records these fields, no matter what the request says; null removes a field.
    package func making(_ fields: [String: JSONValue]) {
        state.withLock { $0.making = fields }
    }

    /// Ends all tokens.
    package func endTokens() { state.withLock { $0.model.endTokens() } }

    // MARK: Faults

    /// Answers such requests with an error, at most `times` times.
    package func refuse(
        _ method: String, _ path: String, status: Int, text: String = "no", times: Int = .max,
        where condition: @escaping @Sendable (ReceivedRequest) -> Bool = { _ in true }
    ) {
        answer(method, path, times: times, with: .status(status, text: text), where: condition)
    }

    /// Answers such requests with the test's own reply, at most `times` times.
    package func answer(
        _ method: String, _ path: String, times: Int = .max, with reply: Reply,
        where condition: @escaping @Sendable (ReceivedRequest) -> Bool = { _ in true }
    ) {
        answer(times: times, with: reply) {
            $0.method == method && $0.path == path && condition($0)
        }
    }

    /// Performs such requests, and closes the connection in place of an answer.
    package func loseAnswer(_ method: String, _ path: String, times: Int = 1) {
        state.withLock { $0.lost["\(method) \(path)", default: 0] += times }
    }

    /// Answers every request that satisfies a condition with the test's own reply.
    package func answer(
        times: Int = .max, with reply: Reply,
        where condition: @escaping @Sendable (ReceivedRequest) -> Bool
    ) {
        state.withLock {
            $0.scripts.append(.init(times: times, reply: reply, matches: condition))
        }
    }
}

/// The model of one server and the answers that its test prescribes.
private final class ServedModel: Sendable {
    struct Script: Sendable {
        var times: Int
        var reply: Reply
        var matches: @Sendable (ReceivedRequest) -> Bool
    }

    struct State: Sendable {
        var model: GlanceModel
        var scripts: [Script] = []
        /// The data with which imports end, or nil for staged data; the outer nil if they do not
        /// end.
        var endsImports: [UInt8]??
        var holdBody: (@Sendable () -> Void)?
        var shared: [UInt8]?
        var making: [String: JSONValue]?
        /// The number of answers to lose, by method and path of the request.
        var lost: [String: Int] = [:]
        var watch: (@Sendable (String, [[String: JSONValue]]) -> Void)?
    }

    private let state: Guarded<State>

    init(_ model: GlanceModel) { state = Guarded(State(model: model)) }

    func withLock<Value: Sendable>(_ body: (inout sending State) -> sending Value) -> Value {
        state.withLock(body)
    }

    func reply(to request: ReceivedRequest) -> Reply {
        if let reply = scripted(request) { return reply }
        guard let method = HTTPRequest.Method(rawValue: request.method) else {
            return .status(405)
        }
        return Reply { [self] exchange in
            var asked = ModelRequest(method, request.target)
            for header in request.headers { asked.headers.add(header.name, header.value) }
            let response =
                method == .put && ["file", "stage"].contains(asked.part)
                ? take(asked, exchange) : answer(asked, exchange)
            let isLost = state.withLock { state in
                let key = "\(request.method) \(request.path)"
                guard let left = state.lost[key], left > 0 else { return false }
                state.lost[key] = left - 1
                return true
            }
            guard let response, !isLost else { return exchange.close() }
            exchange.answer(response)
        }
    }

    private func scripted(_ request: ReceivedRequest) -> Reply? {
        state.withLock { state in
            guard
                let index = state.scripts.firstIndex(where: {
                    $0.times > 0 && $0.matches(request)
                })
            else { return nil }
            state.scripts[index].times -= 1
            return state.scripts[index].reply
        }
    }

    private func answer(_ given: ModelRequest, _ exchange: RawExchange) -> HTTPResponse? {
        guard exchange.readBody() else { return nil }
        var request = given
        request.body = exchange.received.body
        let (response, watch, images) = state.withLock { state in
            if let data = state.endsImports, request.method == .get, request.part.isEmpty,
                let id = request.id, let work = state.model[id]?.work
            {
                state.model.endImport(id, work: work, data: data)
            }
            var response = state.model.answer(request)
            if let fields = state.making, request.method == .post, request.path.count == 2,
                response.status == 201, let id = JSONValue(text: response.body)?["id"]?.string
            {
                state.model.put(id, fields)
                for (key, value) in fields where value == .null {
                    state.model[id]?.fields[key] = nil
                }
                response.body = JSONValue.object(state.model[id]?.fields ?? [:]).text
            }
            let images =
                state.watch == nil
                ? [] : state.model.images.keys.compactMap { state.model[$0]?.fields }
            return (response, state.watch, images)
        }
        // Outside the lock: the closure may read and change the server.
        watch?("\(given.method.rawValue) \(exchange.received.path)", images)
        return response
    }

    /// Takes image data; nil if the connection broke.
    private func take(_ request: ModelRequest, _ exchange: RawExchange) -> HTTPResponse? {
        let work: Int
        switch state.withLock({ $0.model.begin(request) }) {
        case .answered(let response):
            exchange.close()
            return response
        case .taking(let number): work = number
        }
        state.withLock { $0.holdBody }?()
        var body: [UInt8] = []
        guard exchange.readBody(each: { body += $0 }) else {
            state.withLock { $0.model.breakOff(request.id ?? "", work: work) }
            return nil
        }
        return state.withLock { state in
            let data = state.shared.flatMap { $0 == body ? $0 : nil } ?? body
            return state.model.finish(request, work: work, body: data)
        }
    }
}

extension RawExchange {
    fileprivate func answer(_ response: HTTPResponse) {
        var headers = response.headers.fields.map { ($0.name, $0.value) }
        if response.status != 204 { headers.append(("Content-Length", "\(response.body.count)")) }
        sendHead(response.status, headers)
        if request.method != "HEAD" { send(response.body) }
    }
}
