//! An actor that answers every HTTP request with a description of it.

use serde_json::json;
use wasmbus_rpc::actor::prelude::*;
use wasmcloud_interface_httpserver::{HttpRequest, HttpResponse, HttpServer, HttpServerReceiver};
use wasmcloud_interface_logging::info;

#[derive(Debug, Default, Actor, HealthResponder)]
#[services(Actor, HttpServer)]
struct Echo {}

#[async_trait]
impl HttpServer for Echo {
    async fn handle_request(&self, _ctx: &Context, req: &HttpRequest) -> RpcResult<HttpResponse> {
        info!("echo {} {}", req.method, req.path);
        let description = json!({
            "body": req.body,
            "method": req.method,
            "path": req.path,
            "query_string": req.query_string,
        });
        HttpResponse::json(description, 200)
    }
}
