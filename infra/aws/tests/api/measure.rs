//! Figures, not checks: `cargo test -p embedded-aws --test api measure -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn measure() {
    let begun = Instant::now();
    let client = Client::start().await;
    println!("first start {:?}", begun.elapsed());
    for n in 0..6 {
        let begun = Instant::now();
        client.kms("CreateKey", json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"})).await.unwrap();
        println!("RSA_2048 CreateKey {n}, pool just started: {:?}", begun.elapsed());
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut rsa = String::new();
    for n in 0..4 {
        let begun = Instant::now();
        let key = client.kms("CreateKey", json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"})).await.unwrap();
        println!("RSA_2048 CreateKey {n}, pool full: {:?}", begun.elapsed());
        rsa = key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
    }
    tokio::time::sleep(Duration::from_secs(4)).await;

    let mut starts = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let other = Client::start().await;
        starts.push(begun.elapsed());
        drop(other);
    }
    println!("later starts {:?} (median)", median(starts));
    if let Ok(threads) = std::fs::read_dir("/proc/self/task") {
        println!("threads left after twenty stacks and with one: {}", threads.count());
    }

    client.create_table("users").await;
    client.put("users", "a").await.unwrap();
    let sign = json!({"KeyId": rsa, "Message": "YQ==", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"});
    let mail =
        [("Action", "SendEmail"), ("Source", "us@example.com"), ("Destination.ToAddresses.member.1", "a@example.com")];
    let (mut gets, mut puts, mut signs, mut mails) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..300 {
        let begun = Instant::now();
        client.get("users", "a").await;
        gets.push(begun.elapsed());
        let begun = Instant::now();
        client.put("users", "a").await.unwrap();
        puts.push(begun.elapsed());
        let begun = Instant::now();
        client.kms("Sign", sign.clone()).await.unwrap();
        signs.push(begun.elapsed());
        let begun = Instant::now();
        client.ses(&mail).await;
        mails.push(begun.elapsed());
    }
    println!(
        "GetItem {:?}, PutItem {:?}, Sign RSA_2048 {:?}, SendEmail {:?} (medians)",
        median(gets),
        median(puts),
        median(signs),
        median(mails)
    );

    let begun = Instant::now();
    let client = std::sync::Arc::new(client);
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let client = std::sync::Arc::clone(&client);
            tokio::spawn(async move {
                for _ in 0..100 {
                    client.get("users", "a").await;
                }
            })
        })
        .collect();
    for each in clients {
        each.await.unwrap();
    }
    println!("GetItem by 16 clients at once: {:.0}/s", 1600.0 / begun.elapsed().as_secs_f64());
}
